// Passkeys at the console: sign in with one, show one in a code's place, add one. Without this script the codes of an
// authenticator app do the same; it only writes into the forms' own fields.
interface Described {
  id: string;
  type: "public-key";
}

interface Options {
  challenge: string;
  user?: { id: string; name: string; displayName: string };
  excludeCredentials?: Described[];
  allowCredentials?: Described[];
}

const bytes = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));

const text = (raw: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(raw)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

const named = (known: Described[] | undefined): PublicKeyCredentialDescriptor[] =>
  (known ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

class Refused extends Error {}

async function ask<T>(path: string, body: object): Promise<T> {
  const headers = { "content-type": "application/json", accept: "application/json" };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const said = (await answer.json()) as T & { title?: string };
  if (!answer.ok) throw new Refused(said.title ?? String(answer.status));
  return said;
}

async function shown(options: Options): Promise<object> {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: named(options.allowCredentials),
  } as PublicKeyCredentialRequestOptions;
  const found = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
  const response = found.response as AuthenticatorAssertionResponse;
  return {
    id: found.id,
    rawId: text(found.rawId),
    type: found.type,
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      userHandle: response.userHandle && text(response.userHandle),
    },
  };
}

async function made(options: Options): Promise<object> {
  const user = options.user!;
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...user, id: bytes(user.id) },
    excludeCredentials: named(options.excludeCredentials),
  } as unknown as PublicKeyCredentialCreationOptions;
  const found = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
  const response = found.response as AuthenticatorAttestationResponse;
  return {
    id: found.id,
    rawId: text(found.rawId),
    type: found.type,
    response: { clientDataJSON: text(response.clientDataJSON), attestationObject: text(response.attestationObject) },
  };
}

const field = (form: HTMLFormElement, name: string): HTMLInputElement | null =>
  form.elements.namedItem(name) as HTMLInputElement | null;

function button(word: string, english: string): HTMLButtonElement {
  const found = document.createElement("button");
  found.type = "button";
  found.className = "go passkey";
  const small = document.createElement("small");
  small.lang = "en";
  small.textContent = english;
  found.append(`${word} `, small);
  return found;
}

/** Do it once at a time, and say beneath the button why it was not done: the fields below it still work. */
function pressed(found: HTMLButtonElement, act: () => Promise<void>): void {
  const said = document.createElement("p");
  said.className = "alarm";
  said.setAttribute("role", "alert");
  found.addEventListener("click", async () => {
    found.disabled = true;
    said.remove();
    try {
      await act();
    } catch (error) {
      said.textContent = error instanceof Refused ? error.message : "パスキーが使えませんでした。確認コードでもできます。";
      found.after(said);
    } finally {
      found.disabled = false;
    }
  });
}

function signIn(place: HTMLElement): void {
  const by = button("パスキーでサインイン", "Sign in with a passkey");
  pressed(by, async () => {
    const credential = await shown(await ask<Options>("/sign-in/passkey/options", {}));
    const { to } = await ask<{ to: string }>("/sign-in/passkey", { credential, to: place.dataset.to });
    location.assign(to);
  });
  place.append(by);
  place.hidden = false;
}

/** What stands in the code's field: a pass, good once and for a minute. */
async function pass(form: HTMLFormElement): Promise<string> {
  const csrf = field(form, "csrf")?.value;
  const options = await ask<Options>("/passkeys/confirm/options", { csrf });
  const credential = await shown(options);
  const on = new URL(form.action).pathname;
  return (await ask<{ code: string }>("/passkeys/confirm", { csrf, credential, on })).code;
}

function inPlaceOfCode(form: HTMLFormElement): void {
  const code = field(form, "code");
  const send = form.querySelector<HTMLButtonElement>("button:not([formaction]):not([type=button])");
  if (!code || !send || form.id === "add-passkey") return;
  const by = button(`パスキーで：${send.childNodes[0]?.textContent?.trim() ?? ""}`, "with a passkey");
  pressed(by, async () => {
    // The form is complained about before a finger is asked for.
    code.value = "passkey";
    if (!form.reportValidity()) {
      code.value = "";
      return;
    }
    code.value = "";
    code.value = await pass(form);
    form.requestSubmit(send);
  });
  code.closest("label")?.before(by);
}

function add(form: HTMLFormElement): void {
  const said = form.parentElement?.querySelector<HTMLElement>("[role=status]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [csrf, label, typed] = ["csrf", "label", "code"].map((name) => field(form, name)?.value);
    try {
      const code = typed || (await pass(form));
      const credential = await made(await ask<Options>("/passkeys/options", { csrf, code }));
      const { to } = await ask<{ to: string }>("/passkeys/new", { csrf, label, credential });
      location.assign(to);
    } catch (error) {
      if (said) said.textContent = error instanceof Refused ? error.message : "この端末では登録できませんでした。";
    }
  });
}

if (window.PublicKeyCredential && window.isSecureContext) {
  const place = document.getElementById("by-passkey");
  if (place) signIn(place);
  const form = document.querySelector<HTMLFormElement>("#add-passkey");
  if (form) add(form);
  if (document.querySelector("meta[name=passkey]")) {
    for (const one of document.querySelectorAll<HTMLFormElement>("form[method=post]")) inPlaceOfCode(one);
  }
}

export {};
