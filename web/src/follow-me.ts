// "Follow me": one place that goes where the phone goes, told when a page is opened and never in the background.
// A worker that wakes for a push has no position to tell (browsers give it none), so opening a page is the only time.
import { confirm, type Wish, type WishedPlace } from "./door";
import { cellOf, MOST_PLACES, whereIAm } from "./places";
import { readMe, updateMe, type Following, type Me } from "./store";

/** The wording of `followConsent` that the person reads; another wording is another version, here and at the API. */
export const FOLLOW_CONSENT = 1;
const PURPOSE = "follow-me";

type Followed = Pick<Me, "wish"> & { following?: Following | undefined };

const fixed = (me: Followed): WishedPlace[] => me.wish.places.filter((place) => !me.following?.alone || place.cell !== me.following.cell);
const others = (wish: Wish): Wish["consents"] => wish.consents.filter((consent) => consent.purpose !== PURPOSE);

/** Return the places without the one that follows: those that the person chose. */
export const chosenPlaces = fixed;

/** Return *me* following into *cell*, with consent; undefined where that changes nothing or is a sixth place. */
export function followed(me: Followed, cell: string): Required<Followed> | undefined {
  if (!cell || me.following?.cell === cell) return undefined;
  const places = fixed(me);
  const alone = !places.some((place) => place.cell === cell);
  // Kept for it also while it is at one of the others: she will go on from there.
  if (places.length >= MOST_PLACES) return undefined;
  if (alone) places.push({ cell, role: "other", min_level: 0 });
  const consents = [...others(me.wish), { purpose: PURPOSE, version: FOLLOW_CONSENT }];
  return { wish: { ...me.wish, places, consents }, following: { cell, alone } };
}

/** Return *me* following no more: neither the place nor the consent is left. */
export const unfollowed = (me: Followed): Followed => ({
  wish: { ...me.wish, places: fixed(me), consents: others(me.wish) },
  following: undefined,
});

/** Store *next* with the server first: the phone never believes what the server does not know. */
async function keep(me: Me, next: Followed): Promise<void> {
  await confirm(next.wish, me.token, me.proof);
  await updateMe(next);
}

/** Turn it on in *cell* for one who is signed up. */
export async function startFollowing(me: Me, cell: string): Promise<void> {
  const next = followed(me, cell);
  if (next) await keep(me, next);
}

/** Turn it off for one who is signed up. */
export const stopFollowing = (me: Me): Promise<void> => keep(me, unfollowed(me));

/** On opening a page that is seen: tell the cell if it is another. Asks for no permission by itself. */
export async function followOnOpen(): Promise<void> {
  const me = await readMe();
  if (!me?.active || !me.proof || !me.following || document.visibilityState !== "visible") return;
  const allowed = await navigator.permissions.query({ name: "geolocation" });
  if (allowed.state !== "granted") return;
  const { lat, lng } = await whereIAm();
  const cell = cellOf(lat, lng);
  // The page may be covered, and the switch turned off, while the position was looked for.
  const now = await readMe();
  if (!now?.following || !now.proof || document.visibilityState !== "visible") return;
  const next = followed(now, cell);
  if (next) await keep(now, next);
}
