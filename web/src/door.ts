// The residents' API: what is asked, and what comes back. Only cells leave the phone.

export interface WishedPlace {
  cell: string;
  role: "home" | "work" | "school" | "family" | "other";
  min_level: number;
  /** Whose the place is (R5): without it, simply the owner's. */
  whose?: "mine" | "mine-at-hours" | "someone-elses" | "here-until";
  start_hour?: number;
  end_hour?: number;
  until?: number;
}

/** What a subscription asks for; the same fields as `POST /subscriptions`. */
export interface Wish {
  endpoint: string;
  keys: { p256dh: string; auth: string };
  language: string;
  places: WishedPlace[];
  quiet: { start_hour: number; end_hour: number } | null;
  consents: { purpose: string; version: number }[];
  /** Drills and nothing else: by their own key, to an address of their own. */
  drill?: true;
}

export interface DoorKey {
  application_server_key: string;
  /** The key of drills; missing where nobody can sign up for them. */
  drill_server_key?: string;
  consents: Record<string, number>;
}

/** A refusal, with the code that programs test for. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(`${status} ${code}`);
  }
}

async function ask(method: string, path: string, token?: string, body?: unknown): Promise<unknown> {
  const headers: Record<string, string> = {};
  if (token) headers["authorization"] = `Bearer ${token}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  const init: RequestInit = { method, headers, credentials: "omit", cache: "no-store" };
  if (body !== undefined) init.body = JSON.stringify(body);
  const answer = await fetch(path, init);
  if (answer.status === 204) return undefined;
  const said: unknown = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, (said as { code?: string }).code ?? "unknown");
  return said;
}

/** Return *wish* without the places that its owner has left by *now*, in milliseconds: the server refuses those. */
export const standing = (wish: Wish, now: number): Wish => ({
  ...wish,
  places: wish.places.filter((place) => place.whose !== "here-until" || (place.until ?? 0) * 1000 > now),
});

export const doorKey = (): Promise<DoorKey> => ask("GET", "/subscriptions/key") as Promise<DoorKey>;
export const request = (wish: Wish, token?: string): Promise<{ token: string }> =>
  ask("POST", "/subscriptions", token, standing(wish, Date.now())) as Promise<{ token: string }>;
export const confirm = (wish: Wish, token: string, proof: string): Promise<unknown> =>
  ask("PUT", "/subscriptions", token, { ...standing(wish, Date.now()), proof });
export const stored = (token: string): Promise<unknown> => ask("GET", "/subscriptions", token);
/** Say that the owner is still there: kept in steps of ten days, so that counts are of who can be reached (R19). */
export const alive = (token: string): Promise<unknown> => ask("POST", "/subscriptions/alive", token);
export const forget = (token: string): Promise<unknown> => ask("DELETE", "/subscriptions", token);
