// "Could an alert reach me now?": looks at each step from the permission to the screen, and ends with a push that is seen.
import { confirm, doorKey, request, type Wish } from "./door";
import { LIVE, saidBy, type Lane, type Said } from "./lanes";
import { allSeen, readMe, type Me } from "./store";

export type Reach = "unsupported" | "denied" | "none" | "lapsed" | "sent" | "came" | "silent" | "offline";

// A push service that is slow today is not a failure; one that says nothing for a minute is.
const PATIENCE_MS = 60_000;
const WHEN = "shirase-checked";

/** Return when this phone was last seen to be reached, as milliseconds. */
export function lastChecked(): number | undefined {
  const at = Number(localStorage.getItem(WHEN));
  return at > 0 ? at : undefined;
}

/** Return when the last check of reception that was sent to everybody came to this phone, as milliseconds. */
export async function checkCame(): Promise<number | undefined> {
  const times = (await allSeen()).filter((seen) => seen.check).map((seen) => seen.came ?? seen.sent * 1000);
  return times.length ? Math.max(...times) : undefined;
}

/** Return what stands in the way of a push before any is sent; undefined when nothing does. */
export async function obstacle(me: Me | undefined): Promise<Reach | undefined> {
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) return "unsupported";
  if (Notification.permission === "denied") return "denied";
  if (!me?.active || Notification.permission !== "granted") return "none";
  return undefined;
}

/** Return this browser's subscription under the key of *lane*, made anew where it has lapsed. */
async function subscribed(lane: Lane): Promise<PushSubscription> {
  const worker = await lane.worker();
  const known = await worker.pushManager.getSubscription();
  if (known && (known.expirationTime === null || known.expirationTime > Date.now())) return known;
  const key = lane.key(await doorKey());
  if (!key) throw new Error(`the server has no key for ${lane.name}`);
  return worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

const wishFor = (me: Me, push: PushSubscription): Wish => ({ ...me.wish, endpoint: push.endpoint, keys: push.toJSON().keys as Wish["keys"] });

/** On every open: where the browser's address is no longer the one that is stored, say so under the same token. */
export async function renewIfLapsed(said: (reach: Reach) => void, lane = LIVE): Promise<void> {
  const me = await lane.store.readMe();
  if ((await obstacle(me)) || !me) return;
  try {
    const worker = await lane.worker();
    const known = await worker.pushManager.getSubscription();
    // An address without its proof is one that the server does not send to yet.
    if (known?.endpoint === me.wish.endpoint && me.proof) return;
    said("lapsed");
    await test(me, said, lane);
  } catch {
    said("offline");
  }
}

/** Send a push to this very phone and wait until the worker has shown it. */
export async function check(said: (reach: Reach) => void): Promise<void> {
  const me = await readMe();
  const hindered = await obstacle(me);
  if (hindered || !me) return said(hindered ?? "none");
  try {
    await test(me, said, LIVE);
  } catch {
    said(navigator.onLine ? "silent" : "offline");
  }
}

async function test(me: Me, said: (reach: Reach) => void, lane: Lane): Promise<void> {
  const wish = wishFor(me, await subscribed(lane));
  const came = shownWithin(lane, PATIENCE_MS);
  // Until the new address is proved the old one stays what the server has; the push is the proof.
  await lane.store.updateMe({ wish, proof: "" });
  said("sent");
  const { token } = await request(wish, me.token);
  if (!(await came)) return said("silent");
  const now = await lane.store.updateMe({ token });
  if (now?.proof) await confirm(wish, token, now.proof);
  if (lane === LIVE) localStorage.setItem(WHEN, String(Date.now()));
  said("came");
}

/** Resolve to true once the worker of *lane* says that it showed the test push. */
function shownWithin(lane: Lane, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const stop = (value: boolean): void => {
      clearTimeout(late);
      navigator.serviceWorker.removeEventListener("message", heard);
      resolve(value);
    };
    const heard = (event: MessageEvent<Said>): void => {
      if (saidBy(lane, event)?.tested) stop(true);
    };
    const late = setTimeout(() => stop(false), ms);
    navigator.serviceWorker.addEventListener("message", heard);
  });
}
