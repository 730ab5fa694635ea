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

function proofOnce(): Promise<string> {
  return new Promise((resolve) => {
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
  if ((await Notification.requestPermission()) !== "granted") throw new Error("通知が許可されていません。");
  await navigator.serviceWorker.register("/duty/worker.js", { scope: "/" });
  const registration = await navigator.serviceWorker.ready;
  const subscription = await registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: keyOf(form!.dataset.key!),
  });
  const [csrf, label] = [value("csrf"), value("label")];
  const back = proofOnce();
  await ask("/duty/devices/ask", { csrf, code: value("code"), subscription: subscription.toJSON() });
  if (said) said.textContent = "端末に送りました。届くのを待っています。";
  const proof = await back;
  const { to } = await ask<{ to: string }>("/duty/devices", { csrf, label, proof, subscription: subscription.toJSON() });
  location.assign(to);
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  add().catch((error: unknown) => {
    if (said) said.textContent = error instanceof Error ? error.message : String(error);
  });
});

export {};
