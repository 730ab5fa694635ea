// The form for a closed road on the page "Here, now": a point, a kind, send.
import { byId, html } from "./dom";
import { cellAt } from "./cells";
import type { Point } from "./geometry";
import { SHARD_RESOLUTION } from "./live";
import type { NowWords } from "./now-words";
import { whereIAm } from "./places";
import { labelOf, placesOf, roadsMeant, roadsNear, type StreetPlace } from "./streets";
import { KINDS, problemIn, sendReport, takesReports, type Kind } from "./report";

const shardOf = ([lng, lat]: Point): string => cellAt(lat, lng, SHARD_RESOLUTION) ?? "";

let point: { lat: number; lng: number } | undefined;
let asked = false;

/** Show the form where reports are taken; asked once, after what is in force is shown. */
export async function offerReports(): Promise<void> {
  if (asked) return;
  asked = true;
  byId("report").hidden = !(await takesReports());
}

/** Write the kinds in the reader's language; what she chose stays. */
export function speakReports(words: NowWords): void {
  const kinds = byId<HTMLSelectElement>("report-kind");
  const chosen = kinds.value;
  kinds.replaceChildren(...KINDS.map((kind) => new Option(words.causes[kind], kind, false, kind === chosen)));
}

/** Listen to the form; *sent* hears of each report that was taken. The map opens at *near*, the place that is looked at. */
export function listenToReports(words: () => NowWords, sent: () => void, near: () => readonly [number, number] | undefined): void {
  const send = byId<HTMLButtonElement>("report-send");
  const tell = (text: string): void => void (byId("report-state").textContent = text);
  const choose = (lat: number, lng: number): void => {
    point = { lat, lng };
    send.disabled = false;
    tell(words().reportChosen);
  };
  const field = byId<HTMLInputElement>("report-place");
  const offer = (roads: readonly StreetPlace[]): void => {
    byId("report-roads").hidden = !roads.length;
    byId("report-choices").replaceChildren(
      ...roads.map((road) => {
        const button = html("button", { type: "button" }, labelOf(road));
        button.addEventListener("click", () => {
          field.value = labelOf(road);
          choose(road.at[0], road.at[1]);
          byId("report-roads").hidden = true;
        });
        return button;
      }),
    );
  };
  const about = async (point: Point): Promise<void> => offer(roadsNear(await placesOf(shardOf(point)), point));
  const look = async (): Promise<void> => {
    const typed = field.value;
    const spot = near();
    point = undefined;
    send.disabled = true;
    if (!typed.trim() || !spot) return spot ? offer([]) : tell(words().reportNoSpot);
    const roads = roadsMeant(await placesOf(shardOf(spot)), typed);
    if (field.value !== typed) return; // she typed on
    offer(roads);
    tell(roads.length ? "" : words().reportNoRoad);
  };
  const here = async (): Promise<void> => {
    tell(words().finding);
    try {
      const { lat, lng } = await whereIAm();
      field.value = "";
      choose(lat, lng);
      void about([lng, lat]);
    } catch {
      tell(words().notFound);
    }
  };
  const pick = async (): Promise<void> => {
    byId("report-chooser").hidden = false;
    if (byId("report-map").childElementCount) return;
    try {
      const { drawPointMap } = await import("./map");
      const pressed = (lat: number, lng: number): void => {
        field.value = "";
        choose(lat, lng);
        void about([lng, lat]);
      };
      drawPointMap(byId("report-map"), pressed, near());
    } catch {
      // A road cannot be pressed on the drawing of wards: only where she stands is left.
      byId("report-chooser").hidden = true;
      tell(words().noMap);
    }
  };
  const post = async (): Promise<void> => {
    if (!point) return;
    const { lat, lng } = point;
    send.disabled = true;
    tell(words().reportSending);
    try {
      await sendReport(lat, lng, byId<HTMLSelectElement>("report-kind").value as Kind);
      point = undefined;
      field.value = "";
      offer([]);
      tell(words().reportThanks);
      sent();
    } catch (error) {
      send.disabled = false;
      tell(problemIn(error, words()));
    }
  };
  field.addEventListener("input", () => void look());
  byId("report-here").addEventListener("click", () => void here());
  byId("report-pick").addEventListener("click", () => void pick());
  send.addEventListener("click", () => void post());
}
