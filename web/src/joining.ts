// Signing up: the address goes to the server, a push comes back to the worker, and only then does it stand.
import { confirm, request } from "./door";
import { saidBy, type Lane, type Said } from "./lanes";
import type { Me } from "./store";

// The welcome comes within seconds; a push service that is slow today is not a failure of the person.
const PATIENCE_MS = 60_000;

/** Ask for the welcome of *lane*, and return whether it came and was proved; *known* keeps its token. */
export async function joined(lane: Lane, me: Pick<Me, "wish" | "following" | "names" | "stepFree" | "needs">, known: Me | undefined): Promise<boolean> {
  const came = new Promise<boolean>((resolve) => {
    const stop = (value: boolean): void => {
      clearTimeout(late);
      navigator.serviceWorker.removeEventListener("message", heard);
      resolve(value);
    };
    const heard = (event: MessageEvent<Said>): void => {
      const active = saidBy(lane, event)?.active;
      if (active !== undefined) stop(active);
    };
    const late = setTimeout(() => stop(false), PATIENCE_MS);
    navigator.serviceWorker.addEventListener("message", heard);
  });
  await lane.store.writeMe({ ...me, token: known?.token ?? "", proof: "", active: false });
  const { token } = await request(me.wish, known?.token);
  const now = await lane.store.updateMe({ token });
  if (!now?.proof) return came;
  // The welcome was quicker than the answer: the worker left the proof for us.
  await confirm(me.wish, token, now.proof);
  await lane.store.updateMe({ active: true });
  return true;
}
