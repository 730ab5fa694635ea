/// <reference lib="webworker" />
// The worker: every push shows something, and never an older notice instead of a newer one.
import { alive } from "./door";
import { install, keptOrFresh, tidy } from "./kept";
import { linesFor, needsOf, takesNoSteps } from "./needs";
import { newer, noticeOf, payloadOf, sounds, type PushPayload } from "./newest";
import { NOW_WORDS } from "./now-words";
import { addressed } from "./place-of-push";
import { prove, renew, tell, type Post, type PushSubscriptionChangeEvent } from "./proving";
import { LIVE_STORE, readMe, readSeen, writeSeen, type Seen } from "./store";
import { languageOf, WORDS } from "./words";

declare const self: ServiceWorkerGlobalScope;

const HERE: Post = { worker: self, lane: "live", store: LIVE_STORE };

self.addEventListener("install", (event) => event.waitUntil(install().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(tidy().then(() => self.clients.claim())));

// Whatever goes wrong in here, something is shown: a browser takes the permission from a page whose pushes show nothing.
self.addEventListener("push", (event) => event.waitUntil(onPush(event).catch(() => showUnknown(undefined))));

async function onPush(event: PushEvent): Promise<void> {
  const payload = payloadOf(event.data);
  const me = await readMe().catch(() => undefined);
  const words = NOW_WORDS[languageOf([me?.wish.language ?? "ja"])];
  const needs = needsOf(me);
  const come = noticeOf(payload, takesNoSteps(needs), words);
  if (!come) return showUnknown(me?.wish.language);
  const said = (payload as PushPayload).shirase;
  // Drills come to their own worker, by their own key: here one is a mistake of somebody's, and nobody is to act on it.
  if (said.lane === "drill") return showUnknown(me?.wish.language);
  if (said.kind === 0) {
    await show(come, true);
    if (said.proof) await prove(HERE, said.proof);
    return;
  }
  const known = await readSeen(come.tag).catch(() => undefined);
  const shown = newer(known, { ...come, came: Date.now() });
  const place = await addressed(shown, me).catch(() => undefined);
  const loud = sounds(known, shown);
  const name = place && me?.names[place.cell];
  // The reader's own name for the place was never sent, nor what she needs: both are put in here.
  const body = [shown.body, ...linesFor(shown, needs, words)].join("\n");
  await show({ ...shown, title: name ? `${name} ${shown.title}` : shown.title, body }, loud);
  if (shown !== known) await writeSeen(shown).catch(() => undefined);
  await tell(HERE, { shown: come.tag });
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

self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(HERE, event as PushSubscriptionChangeEvent, askAgain)));

/** Nothing reaches her any more: only she can sign up again. */
async function askAgain(language: string): Promise<void> {
  const words = WORDS[languageOf([language])];
  await self.registration.showNotification(words.title, { body: words.renew, tag: "renew", data: { navigate: "/signup" } });
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  // A token, or a stream without end, is nothing to keep.
  if (url.pathname.startsWith("/subscriptions") || url.pathname === "/live/events") return;
  event.respondWith(keptOrFresh(event.request));
});
