// Adds this telephone to those on which an officer is called: it counts only when a push has come back.
const form = document.querySelector<HTMLFormElement>("#add-device");
const said = form?.parentElement?.querySelector<HTMLElement>("form + [role=status]");

async function ask<T>(path: string, body: object): Promise<T> {
  const headers = { "content-type": "application/json", accept: "application/json" };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const got = (await answer.json()) as T & { title?: string };
  if (!answer.ok) throw new Error(got.title ?? String(answer.status));
  return got;
}

const value = (name: string): string => (form?.elements.namedItem(name) as HTMLInputElement).value;

const keyOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));

// A push comes within seconds; an officer must not stand before a page that waits for ever.
const PATIENCE_MS = 60_000;

function proofOnce(): Promise<string> {
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("端末に届きませんでした。通知の設定と回線を確かめて、新しい確認コードでもう一度。")), PATIENCE_MS);
    const heard = (event: MessageEvent): void => {
      const proof = (event.data as { proof?: unknown } | null)?.proof;
      if (typeof proof !== "string") return;
      navigator.serviceWorker.removeEventListener("message", heard);
      resolve(proof);
    };
    navigator.serviceWorker.addEventListener("message", heard);
  });
}

async function add(): Promise<void> {
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window))
    throw new Error("このブラウザーでは呼び出しを受けられません。iPhone・iPadでは、先にホーム画面に追加して、そこから開いてください。");
  if ((await Notification.requestPermission()) !== "granted") throw new Error("通知が許可されていません。ブラウザーの設定でこのサイトの通知を許可して、もう一度。");
  await navigator.serviceWorker.register("/duty/worker.js", { scope: "/" });
  const { pushManager } = await navigator.serviceWorker.ready;
  const wanted = { userVisibleOnly: true, applicationServerKey: keyOf(form!.dataset.key!) };
  const subscription = await pushManager.subscribe(wanted).catch(async () => {
    // Subscribed under a key of before: a browser refuses another until that one is given up.
    await (await pushManager.getSubscription())?.unsubscribe();
    return pushManager.subscribe(wanted);
  });
  const [csrf, label] = [value("csrf"), value("label")];
  const back = proofOnce();
  back.catch(() => undefined);
  await ask("/duty/devices/ask", { csrf, code: value("code"), subscription: subscription.toJSON() });
  if (said) said.textContent = "端末に送りました。届くのを待っています。";
  const proof = await back;
  const { to } = await ask<{ to: string }>("/duty/devices", { csrf, label, proof, subscription: subscription.toJSON() });
  location.assign(to);
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  // A second press would ask with a code that is used already.
  if (button) button.disabled = true;
  if (said) said.textContent = "登録しています。";
  add()
    .catch((error: unknown) => {
      if (said) said.textContent = error instanceof Error ? error.message : String(error);
    })
    .finally(() => {
      if (button) button.disabled = false;
    });
});

export {};
