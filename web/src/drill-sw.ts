/// <reference lib="webworker" />
// The worker of drills: it knows nothing but drills, marks each before everything else, and never takes a real one's place.
import { markedTitle } from "./drill-mark";
import { newer, noticeOf, payloadOf, sounds, type PushPayload } from "./newest";
import { NOW_WORDS } from "./now-words";
import { prove, renew, tell, type Post, type PushSubscriptionChangeEvent } from "./proving";
import { DRILL_STORE, type Seen } from "./store";
import { languageOf, WORDS } from "./words";

declare const self: ServiceWorkerGlobalScope;

const HERE: Post = { worker: self, lane: "drill", store: DRILL_STORE };
const PAGE = "/signup#drilling";
// A browser compares tags over the whole site: without this a drill could take the place of a real notice.
const TAG = "drill-";
const LOOK = { icon: "/web/drill-192.png", badge: "/web/drill-badge-96.png", data: { navigate: PAGE } };

self.addEventListener("install", (event) => event.waitUntil(self.skipWaiting()));
self.addEventListener("push", (event) => event.waitUntil(onPush(event).catch(() => showUnknown(undefined))));

async function onPush(event: PushEvent): Promise<void> {
  const payload = payloadOf(event.data);
  const me = await DRILL_STORE.readMe().catch(() => undefined);
  const come = noticeOf(payload, false, NOW_WORDS[languageOf([me?.wish.language ?? "ja"])]);
  const said = (payload as Partial<PushPayload> | undefined)?.shirase;
  // Whatever else came by the key of drills: neither its words nor the word that it is a drill, either could be wrong.
  if (!come || !said || said.lane !== "drill") return showUnknown(me?.wish.language);
  if (said.kind === 0) {
    await show(come, true);
    if (said.proof) await prove(HERE, said.proof);
    return;
  }
  const known = await DRILL_STORE.readSeen(come.tag).catch(() => undefined);
  const shown = newer(known, { ...come, came: Date.now() });
  await show(shown, sounds(known, shown));
  if (shown !== known) await DRILL_STORE.writeSeen(shown).catch(() => undefined);
  await tell(HERE, { shown: come.tag });
}

async function show(seen: Seen, sound: boolean): Promise<void> {
  await self.registration.showNotification(markedTitle(seen), {
    ...LOOK,
    body: seen.body,
    tag: TAG + seen.tag,
    lang: seen.lang,
    silent: !sound,
    ...(sound ? { renotify: true, timestamp: seen.sent ? seen.sent * 1000 : Date.now() } : {}),
  } as NotificationOptions);
}

async function showUnknown(language: string | undefined): Promise<void> {
  const words = WORDS[languageOf([language ?? "ja"])];
  await self.registration.showNotification(words.unknownPush, { body: words.unknownPushBody, tag: "drill-unknown", data: { navigate: "/" } });
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const path = (event.notification.data as { navigate?: string } | null)?.navigate === PAGE ? PAGE : "/";
  event.waitUntil(self.clients.openWindow(path));
});

self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(HERE, event as PushSubscriptionChangeEvent, askAgain)));

async function askAgain(language: string): Promise<void> {
  const words = WORDS[languageOf([language])];
  await self.registration.showNotification(words.drillMark + words.drills, { ...LOOK, body: words.renew, tag: "drill-renew" });
}
