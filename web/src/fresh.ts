// Keeps a page that changes by itself up to date without loading it anew: a reload takes away the focus and what is typed.
const seconds = Number(document.querySelector<HTMLElement>("script[data-seconds]")?.dataset["seconds"]);

/** Return what a reader sees of *part*, without the keys that are new each time and what a script of ours put there. */
function seen(part: Element): string {
  const plain = part.cloneNode(true) as Element;
  for (const field of plain.querySelectorAll("input[type=hidden], button.passkey")) field.remove();
  return plain.outerHTML;
}

/** Say whether somebody is at work in *part*: what she types or has opened is hers. */
function inUse(part: Element): boolean {
  const typed = [...part.querySelectorAll<HTMLInputElement>("input:not([type=hidden]), textarea")].some((field) => field.value !== field.defaultValue);
  return typed || part.querySelector("details[open]") !== null || part.querySelector("input:focus, select:focus, textarea:focus") !== null;
}

/** Put *next* in the place of *part*; the focus stays on the same button or link. */
function replaced(part: Element, next: Element): void {
  const held = part.contains(document.activeElement) ? document.activeElement : null;
  const name = (one: Element): string => `${one.closest("form")?.getAttribute("action") ?? ""} ${one.getAttribute("href") ?? ""} ${one.textContent}`;
  // An element that a screen reader listens to stays where it is: only its words change.
  if (part.getAttribute("role") === "status" && next.getAttribute("role") === "status") {
    part.className = next.className;
    part.replaceChildren(...next.childNodes);
  } else part.replaceWith(next);
  if (held) [...next.querySelectorAll<HTMLElement>("a, button")].find((one) => name(one) === name(held))?.focus({ preventScroll: true });
}

async function renew(): Promise<boolean> {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  // Signed out meanwhile: the page says so, rather than standing still.
  if (answer.redirected) location.assign(answer.url);
  if (!answer.ok || answer.redirected) return true;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const [main, next] = [document.querySelector("main"), page.querySelector("main")];
  if (!main || !next) return true;
  const [parts, fresh] = [[...main.children], [...next.children]];
  if (parts.length !== fresh.length && !parts.some(inUse)) main.replaceChildren(...fresh);
  if (parts.length === fresh.length)
    parts.forEach((part, number) => {
      const other = fresh[number];
      if (other && seen(part) !== seen(other) && !inUse(part)) replaced(part, other);
    });
  return page.querySelector("script[data-seconds]") !== null || parts.some(inUse);
}

async function goOn(): Promise<void> {
  const more = await renew().catch(() => true);
  if (more) setTimeout(() => void goOn(), seconds * 1000);
}

setTimeout(() => void goOn(), seconds * 1000);

export {};
