// The worker of officers' telephones: it shows a call, hands the proof of a sign-up to its page, and opens the draft.
const worker = self as unknown as ServiceWorkerGlobalScope;

interface Call {
  notification?: { title?: string; body?: string; navigate?: string; tag?: string };
  shirase_proof?: string;
}

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
        ...(shown.tag ? { tag: shown.tag } : {}),
        requireInteraction: !call.shirase_proof,
        data: shown.navigate ?? "/",
      });
      if (!call.shirase_proof) return;
      for (const page of await worker.clients.matchAll({ type: "window" })) page.postMessage({ proof: call.shirase_proof });
    })(),
  );
});

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  // Only to ourselves, whatever was sent.
  const to = new URL(String(event.notification.data), worker.location.origin);
  event.waitUntil(worker.clients.openWindow(worker.location.origin + to.pathname));
});
