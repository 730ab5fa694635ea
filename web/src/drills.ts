// Drills, for who wants them beside what is real: off until she asks, for the same places, by an address of their own.
import { renewIfLapsed } from "./check";
import { confirm, doorKey, forget, type Wish } from "./door";
import { joined } from "./joining";
import { DRILL_SCOPE, DRILLS } from "./lanes";
import { DRILL_STORE, readMe, type Me, type Seen } from "./store";

/** Say whether the server has a key of drills and this browser a worker for them. */
export async function areOffered(): Promise<boolean> {
  return "serviceWorker" in navigator && "PushManager" in window && !!(await doorKey()).drill_server_key;
}

/** Sign up for drills at the places of *real*; returns whether the first one came. */
export async function joinDrills(real: Me): Promise<boolean> {
  const key = DRILLS.key(await doorKey());
  if (!key) return false;
  const { pushManager } = await DRILLS.worker();
  // One that was left, perhaps under a key of before: a browser refuses another key until it is given up.
  await (await pushManager.getSubscription())?.unsubscribe();
  const push = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const wish = wishOf(real.wish, { endpoint: push.endpoint, keys: push.toJSON().keys as Wish["keys"] });
  return joined(DRILLS, { wish, names: {}, stepFree: false }, await DRILL_STORE.readMe());
}

/** Leave drills: the server first, so that this phone never believes what it does not know. */
export async function leaveDrills(): Promise<void> {
  const me = await DRILL_STORE.readMe();
  if (me?.token) await forget(me.token);
  await DRILL_STORE.forgetMe();
  const registration = await navigator.serviceWorker.getRegistration(DRILL_SCOPE);
  if (registration?.scope !== new URL(DRILL_SCOPE, location.origin).href) return;
  await (await registration.pushManager.getSubscription())?.unsubscribe();
  await registration.unregister();
}

/** On every open, and after a change: renewed where the browser let it lapse, at the places and in the language of now. */
export async function keepDrills(): Promise<void> {
  const [real, drills] = await Promise.all([readMe(), DRILL_STORE.readMe()]);
  if (!drills?.active) return;
  if (!real?.active) return leaveDrills();
  await renewIfLapsed(() => undefined, DRILLS);
  const now = await DRILL_STORE.readMe();
  if (!now?.proof) return;
  const wish = wishOf(real.wish, now.wish);
  if (JSON.stringify(wish) === JSON.stringify(now.wish)) return;
  await confirm(wish, now.token, now.proof);
  await DRILL_STORE.updateMe({ wish });
}

/** Return the drill that came last; undefined where none did. */
export async function lastDrill(): Promise<Seen | undefined> {
  return (await DRILL_STORE.allSeen()).sort((one, other) => (other.came ?? 0) - (one.came ?? 0))[0];
}

const wishOf = (real: Wish, { endpoint, keys }: Pick<Wish, "endpoint" | "keys">): Wish => ({ ...real, endpoint, keys, drill: true });
