// What the worker keeps, so that the pages open with no network and on a very bad one. Everything kept has its time.
import { KEPT_AT } from "./live";

const CACHE = "shirase-2";
const PAGES = ["/", "/signup", "/map"];
const KEPT = [...PAGES, "/refresh.js", "/notices.json", "/hazards.geojson", "/wards.geojson", "/live/shards.json", "/manifest.webmanifest", "/web/icon-192.png"];
// What a script of ours loads: what pages share, and the words of each language; the map library only when it is asked for.
const SHARED = /(?:from|import\()"\.\/((?!map-|big-map-)[\w.-]+\.js)"/g;
// A line that answers nothing for this long is no line: what is kept is shown, and says its age.
const PATIENCE_MS = 8_000;

/** Keep the pages and all that they load; one that cannot be had must not keep the worker from being there for a push. */
export async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  await Promise.allSettled(KEPT.map(async (path) => keep(cache, new Request(path), await fetch(path, { cache: "no-cache" }))));
  const needed = new Set<string>();
  for (const page of PAGES) {
    const text = await (await cache.match(page))?.text();
    for (const [asset] of text?.matchAll(/\/web\/assets\/[\w.-]+/g) ?? []) needed.add(asset);
  }
  await Promise.allSettled([...needed].map((path) => cache.add(path)));
  // What pages load in common is named only by them, not by the page itself.
  const more = new Set<string>();
  for (const path of needed) if (path.endsWith(".js")) for (const [, name] of (await (await cache.match(path))?.text())?.matchAll(SHARED) ?? []) more.add(`/web/assets/${name}`);
  await Promise.allSettled([...more].filter((path) => !needed.has(path)).map((path) => cache.add(path)));
}

/** Forget what an older version of the pages kept. */
export async function tidy(): Promise<void> {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
}

/** Keep *answer* with the time at which it came; a page reads from it how old it is. */
async function keep(cache: Cache, asked: Request, answer: Response): Promise<void> {
  if (!answer.ok) return;
  const headers = new Headers(answer.headers);
  headers.set(KEPT_AT, new Date().toISOString());
  await cache.put(asked, new Response(await answer.blob(), { status: answer.status, headers }));
}

/** The newest from the network; what was kept when there is none, or when it does not answer. */
export async function keptOrFresh(asked: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  if (new URL(asked.url).pathname.startsWith("/web/assets/")) {
    const kept = await cache.match(asked);
    if (kept) return kept;
  }
  const fresh = fetch(asked).then(async (answer) => {
    await keep(cache, asked, answer.clone()).catch(() => undefined);
    return answer;
  });
  const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), PATIENCE_MS));
  const first = await Promise.race([fresh, late]).catch(() => undefined);
  return first ?? (await keptFor(cache, asked)) ?? fresh;
}

async function keptFor(cache: Cache, asked: Request): Promise<Response | undefined> {
  const kept = await cache.match(asked, { ignoreSearch: true });
  if (kept || asked.mode !== "navigate") return kept;
  // The page of a push needs no network: what the push said is on the phone.
  return cache.match(new URL(asked.url).pathname.startsWith("/n/") ? "/map" : "/");
}
