// What scripts add to the console's forms: a map to draw on, and the preview while it is drawn. Without them the same
// forms work; the map only writes into their fields.
import type { FeatureCollection } from "geojson";
import type { Box, Drawing } from "./draw";

const WAIT_MS = 400;

const form = document.querySelector<HTMLFormElement>("#order form");
if (form) void begin(form);

async function begin(order: HTMLFormElement): Promise<void> {
  const live = document.createElement("div");
  live.id = "live";
  live.setAttribute("aria-live", "polite");
  order.prepend(live);
  const closure = document.querySelector<HTMLFormElement>("#closure form");
  const drawing = await mapIn(order, closure);
  // Below the map: what appears above it would move the ground from under the pointer.
  order.querySelector("#drawing ~ .clear")?.after(live);
  let timer = 0;
  let asked = 0;
  const look = (): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(async () => {
      const number = ++asked;
      const answer = await previewOf(order);
      // An answer that was overtaken says nothing about what is on the map now.
      if (number !== asked || !answer) return;
      live.innerHTML = answer.html;
      drawing?.cells(answer.cells);
    }, WAIT_MS);
  };
  order.addEventListener("input", look);
  drawing?.changed((ring) => {
    const field = order.elements.namedItem("geojson") as HTMLTextAreaElement;
    field.value = ring.length < 3 ? "" : JSON.stringify({ type: "Polygon", coordinates: [[...ring, ring[0]]] });
    if (ring.length >= 3) {
      for (const tick of order.querySelectorAll<HTMLInputElement>('input[name="wards"]')) tick.checked = false;
    }
    look();
  });
}

interface Answer {
  html: string;
  cells: FeatureCollection;
}

async function previewOf(order: HTMLFormElement): Promise<Answer | undefined> {
  const body = new URLSearchParams();
  new FormData(order).forEach((value, name) => {
    // A code is taken once, and never by looking.
    if (typeof value === "string" && name !== "code") body.append(name, value);
  });
  try {
    const answer = await fetch("/post/order/preview", { method: "POST", body, headers: { accept: "application/json" } });
    return answer.headers.get("content-type")?.startsWith("application/json") ? ((await answer.json()) as Answer) : undefined;
  } catch {
    return undefined;
  }
}

async function mapIn(order: HTMLFormElement, closure: HTMLFormElement | null): Promise<Drawing | undefined> {
  const shapes = order.querySelector<HTMLDetailsElement>("details.shapes");
  if (!shapes) return undefined;
  const holder = document.createElement("div");
  holder.id = "drawing";
  holder.tabIndex = 0;
  holder.setAttribute("role", "application");
  holder.setAttribute("aria-label", "地図。矢印で動かし、Enter で角を置き、Backspace で1つ戻す");
  const back = button("1つ戻す", "Undo");
  const clear = button("描いたものを消す", "Clear");
  clear.className = "clear";
  shapes.querySelector("summary")?.after(holder, back, clear);
  shapes.open = true;
  try {
    const [{ draw }, box] = await Promise.all([import("./draw"), groundOf(order)]);
    const drawing = draw(holder, box);
    back.addEventListener("click", () => drawing.back());
    clear.addEventListener("click", () => drawing.clear());
    markReports(drawing);
    if (closure) {
      pickFor(closure, drawing);
      if (document.querySelector('a[href="/roads"]')) roadsFor(closure, drawing, holder);
    }
    return drawing;
  } catch {
    // No WebGL: the picture of the preview is drawn by the server, and the fields can be typed into.
    holder.remove();
    back.remove();
    clear.remove();
    return undefined;
  }
}

/** Return what the officer's own wards span, of which she writes; nothing where they are all or none is known. */
async function groundOf(order: HTMLFormElement): Promise<Box | undefined> {
  const own = new Set([...order.querySelectorAll<HTMLInputElement>('input[name="wards"]')].map((tick) => tick.closest("label")?.textContent?.trim()));
  const answer = await fetch("/wards.geojson").catch(() => undefined);
  const wards = answer?.ok ? ((await answer.json()) as FeatureCollection).features : [];
  const mine = wards.filter(({ properties }) => own.has(String(properties?.["name"])));
  if (!mine.length || mine.length === wards.length) return undefined;
  const corners = mine.flatMap(({ geometry }) => ("coordinates" in geometry ? ((geometry.coordinates as unknown[]).flat(Infinity) as number[]) : []));
  const lngs = corners.filter((_, at) => at % 2 === 0);
  const lats = corners.filter((_, at) => at % 2 === 1);
  return [Math.min(...lngs), Math.min(...lats), Math.max(...lngs), Math.max(...lats)];
}

/** What is reported stands in the list, with its two acts; on the map the same acts open from a marker. */
function markReports(drawing: Drawing): void {
  for (const item of document.querySelectorAll<HTMLElement>("#reports li[data-lat]")) {
    const { lat, lng, mark } = item.dataset;
    const content = (): HTMLElement => {
      const copy = document.createElement("div");
      copy.append(...[...item.childNodes].map((node) => node.cloneNode(true)));
      return copy;
    };
    drawing.mark(Number(lat), Number(lng), mark ?? "", `${mark ?? ""}: ${item.querySelector("p")?.textContent ?? ""}`, content);
  }
}

function pickFor(closure: HTMLFormElement, drawing: Drawing): void {
  const field = closure.elements.namedItem("point") as HTMLInputElement | null;
  if (!field) return;
  // A report that is to be confirmed, or a road that was found: the map begins there.
  const [lat, lng] = field.value.split(",").map(Number);
  if (lat && lng) drawing.look(lat, lng);
  const pick = button("上の地図で地点を選ぶ", "Pick on the map");
  field.closest("label")?.after(pick);
  pick.addEventListener("click", () => {
    document.getElementById("drawing")?.scrollIntoView({ block: "center" });
    drawing.pick((lat, lng) => {
      field.value = `${lat.toFixed(5)},${lng.toFixed(5)}`;
      pick.scrollIntoView({ block: "center" });
      pick.focus();
    });
  });
}

/** Roads are pressed on the map above: their ids go into the form's own field, and their name where none is written. */
function roadsFor(closure: HTMLFormElement, drawing: Drawing, map: HTMLElement): void {
  const field = closure.elements.namedItem("road") as HTMLInputElement;
  const name = closure.elements.namedItem("name") as HTMLInputElement;
  const choose = button("上の地図で道路を押す", "Press roads on the map");
  const done = button("道路を選び終わる", "Done");
  const said = document.createElement("p");
  said.setAttribute("role", "status");
  field.closest("label")?.after(choose, said);
  map.after(done);
  done.hidden = true;
  const turn = (on: boolean): void => {
    done.hidden = !on;
    drawing.roads(on, (chosen) => {
      field.value = chosen.map(({ road }) => road).join(" ");
      const names = [...new Set(chosen.map((one) => one.name).filter(Boolean))];
      if (names.length) name.value = names.join("・");
      said.textContent = chosen.length ? `${chosen.length}本: ${names.join("・") || field.value}` : "";
    });
    (on ? map : field).scrollIntoView({ block: "center" });
    (on ? map : field).focus();
  };
  choose.addEventListener("click", () => turn(true));
  done.addEventListener("click", () => turn(false));
}

function button(word: string, english: string): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.append(`${word} `);
  const small = document.createElement("small");
  small.lang = "en";
  small.textContent = english;
  made.append(small);
  return made;
}
