/// <reference lib="webworker" />
// The worker: every push shows something, and never an older notice instead of a newer one.
import { alive, confirm, request } from "./door";
import { install, keptOrFresh, tidy } from "./kept";
import { newer, noticeOf, sounds, type PushPayload } from "./newest";
import { NOW_WORDS } from "./now-words";
import { addressed } from "./place-of-push";
import { readMe, readSeen, updateMe, writeSeen, type Seen } from "./store";
import { languageOf, WORDS } from "./words";

declare const self: ServiceWorkerGlobalScope;

self.addEventListener("install", (event) => event.waitUntil(install().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(tidy().then(() => self.clients.claim())));

// Whatever goes wrong in here, something is shown: a browser takes the permission from a page whose pushes show nothing.
self.addEventListener("push", (event) => event.waitUntil(onPush(event).catch(() => showUnknown(undefined))));

async function onPush(event: PushEvent): Promise<void> {
  let payload: unknown;
  try {
    payload = event.data?.json();
  } catch {
    payload = undefined;
  }
  const me = await readMe().catch(() => undefined);
  const come = noticeOf(payload, me?.stepFree ?? false, NOW_WORDS[languageOf([me?.wish.language ?? "ja"])]);
  if (!come) return showUnknown(me?.wish.language);
  const said = (payload as PushPayload).shirase;
  if (said.kind === 0) {
    await show(come, true);
    if (said.proof) await prove(said.proof);
    return;
  }
  const known = await readSeen(come.tag).catch(() => undefined);
  const shown = newer(known, { ...come, came: Date.now() });
  const place = await addressed(shown, me).catch(() => undefined);
  const loud = sounds(known, shown);
  const name = place && me?.names[place.cell];
  // The reader's own name for the place was never sent; it is put in front here.
  await show(name ? { ...shown, title: `${name} ${shown.title}` } : shown, loud);
  if (shown !== known) await writeSeen(shown).catch(() => undefined);
  await tell({ shown: come.tag });
}

async function show(seen: Seen, sound: boolean): Promise<void> {
  await self.registration.showNotification(seen.title, {
    body: seen.body,
    tag: seen.tag,
    lang: seen.lang,
    silent: !sound,
    requireInteraction: (seen.level ?? 0) >= 3,
    icon: "/web/icon-192.png",
    badge: "/web/badge-96.png",
    data: { navigate: /^[\w-]{16}$/.test(seen.tag) ? `/map#n=${seen.tag}` : seen.navigate },
    ...(sound ? { renotify: true, timestamp: seen.sent * 1000 } : {}),
  } as NotificationOptions);
}

async function showUnknown(language: string | undefined): Promise<void> {
  const words = WORDS[languageOf([language ?? "ja"])];
  await self.registration.showNotification(words.unknownPush, { body: words.unknownPushBody, tag: "unknown", data: { navigate: "/" } });
}

/** Keep the proof, and send it back: only then is the subscription stored. */
async function prove(proof: string): Promise<void> {
  // Whichever of page and worker comes second has both token and proof, and confirms.
  const me = await updateMe({ proof });
  await tell({ tested: true });
  if (!me?.token) return;
  try {
    await confirm(me.wish, me.token, proof);
    await updateMe({ active: true });
    await tell({ active: true });
  } catch {
    // The page asks again when it is opened: the proof is kept.
    await tell({ active: false });
  }
}

async function tell(message: unknown): Promise<void> {
  for (const client of await self.clients.matchAll({ includeUncontrolled: true })) client.postMessage(message);
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const to = new URL((event.notification.data as { navigate?: string } | null)?.navigate ?? "/", self.location.origin);
  // A link of a push never leads to another site.
  const path = to.origin === self.location.origin ? to.pathname + to.search + to.hash : "/";
  event.waitUntil(
    (async () => {
      const me = await readMe().catch(() => undefined);
      if (me?.active) void alive(me.token).catch(() => undefined);
      for (const client of await self.clients.matchAll({ type: "window" }))
        if ("navigate" in client) {
          await client.navigate(path).catch(() => null);
          await client.focus();
          return;
        }
      await self.clients.openWindow(path);
    })(),
  );
});

self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event as PushSubscriptionChangeEvent)));

interface PushSubscriptionChangeEvent extends ExtendableEvent {
  readonly oldSubscription: PushSubscription | null;
  readonly newSubscription: PushSubscription | null;
}

/** The browser gave the subscription another address: say so under the same token, or ask the person. */
async function renew(event: PushSubscriptionChangeEvent): Promise<void> {
  const me = await readMe().catch(() => undefined);
  if (!me) return;
  try {
    const options = event.oldSubscription?.options;
    const fresh =
      event.newSubscription ?? (await self.registration.pushManager.subscribe(options as PushSubscriptionOptionsInit));
    const plain = fresh.toJSON();
    const wish = { ...me.wish, endpoint: fresh.endpoint, keys: plain.keys as { p256dh: string; auth: string } };
    // Still active: should the proof not come, the page sees at its next opening that it is missing, and asks again.
    await updateMe({ wish, proof: "" });
    await request(wish, me.token);
  } catch {
    const words = WORDS[languageOf([me.wish.language])];
    await self.registration.showNotification(words.title, { body: words.renew, tag: "renew", data: { navigate: "/signup" } });
  }
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  // A token, or a stream without end, is nothing to keep.
  if (url.pathname.startsWith("/subscriptions") || url.pathname === "/live/events") return;
  event.respondWith(keptOrFresh(event.request));
});
