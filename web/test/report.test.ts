import { expect, it, vi } from "vitest";
import { Refused } from "../src/door";
import { NOW_WORDS } from "../src/now-words";
import { problemIn, sendReport, takesReports } from "../src/report";

function server(status: number, body: unknown): RequestInit[] {
  const asked: RequestInit[] = [];
  vi.stubGlobal("fetch", async (_: string, init: RequestInit) => (asked.push(init), new Response(JSON.stringify(body), { status })));
  return asked;
}

it("a report is a point and a kind, and nothing that tells whose", async () => {
  const asked = server(202, {});
  await sendReport(35.67212345678, 139.81712345678, "flooded");
  expect(JSON.parse(asked[0]!.body as string)).toEqual({ lat: 35.67212, lng: 139.81712, cause: "flooded" });
  expect(asked[0]!.headers).toEqual({ "content-type": "application/json" });
  expect([asked[0]!.credentials, asked[0]!.referrerPolicy]).toEqual(["omit", "no-referrer"]);
});

it("the form is only where reports are taken", async () => {
  server(200, { taken: true });
  expect(await takesReports()).toBe(true);
  server(200, { taken: false });
  expect(await takesReports()).toBe(false);
  server(404, {});
  expect(await takesReports()).toBe(false);
});

it("a refusal is said in words, in every language", async () => {
  for (const code of ["too-many", "no-road-there", "reports-off"]) {
    server(422, { code });
    const error: unknown = await sendReport(35, 139, "fire").catch((refusal: unknown) => refusal);
    expect((error as Refused).code).toBe(code);
    const said = Object.values(NOW_WORDS).map((words) => problemIn(error, words));
    expect(new Set(said).size).toBe(5);
    for (const words of Object.values(NOW_WORDS)) expect(problemIn(error, words)).not.toBe(words.reportFailed);
  }
  expect(problemIn(new Refused(503, "constructor"), NOW_WORDS.en)).toBe(NOW_WORDS.en.reportFailed);
});
