// The worker of officers' telephones: it shows a call, hands the proof of a sign-up to its page, and opens the draft.
const worker = self as unknown as ServiceWorkerGlobalScope;

interface Call {
  notification?: { title?: string; body?: string; navigate?: string; tag?: string };
  shirase_proof?: string;
}

const LOOK = { lang: "ja", icon: "/web/icon-192.png", badge: "/web/badge-96.png" };

worker.addEventListener("install", () => void worker.skipWaiting());
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener("push", (event) => {
  let call: Call = {};
  try {
    call = event.data?.json() as Call;
  } catch {
    // What cannot be read still wakes: somebody meant to call.
  }
  const shown = call.notification ?? {};
  event.waitUntil(
    (async () => {
      await worker.registration.showNotification(shown.title ?? "知らせ：呼び出し", {
        body: shown.body ?? "担当者画面を開いてください。",
        // A call of the same draft once more must sound once more: a tag alone would replace the first in silence.
        ...(shown.tag ? { tag: shown.tag, renotify: true } : {}),
        requireInteraction: !call.shirase_proof,
        vibrate: [600, 200, 600, 200, 600],
        ...LOOK,
        data: shown.navigate ?? "/",
      } as NotificationOptions);
      if (!call.shirase_proof) return;
      for (const page of await worker.clients.matchAll({ type: "window" })) page.postMessage({ proof: call.shirase_proof });
    })(),
  );
});

// Without an address nobody can call her, and she would not know: only she can add the telephone again.
worker.addEventListener("pushsubscriptionchange", (event) => {
  const said = { ...LOOK, body: "この端末では呼び出しを受けられなくなりました。開いて、登録し直してください。", tag: "lapsed", data: "/duty" };
  (event as ExtendableEvent).waitUntil(worker.registration.showNotification("知らせ：呼び出しが切れました", { ...said, requireInteraction: true }));
});

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  // Only to ourselves, whatever was sent.
  const to = new URL(String(event.notification.data), worker.location.origin);
  event.waitUntil(worker.clients.openWindow(worker.location.origin + to.pathname));
});
