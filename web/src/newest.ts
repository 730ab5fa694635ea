// Which of two notices of one lineage is shown: never an older one instead of a newer one.
import { clock } from "./ages";
import { fill, type NowWords } from "./now-words";
import { answerOf, type PushWay } from "./push-way";
import type { PushPicture } from "./river";
import type { Seen } from "./store";

/** The form of a push: Declarative Web Push, with what our worker needs beside it. */
export interface PushPayload {
  web_push: 8030;
  notification: { title: string; body: string; lang: string; navigate: string; tag: string; timestamp?: number; silent?: boolean };
  shirase: {
    v: number;
    kind: number;
    lineage?: string;
    revision?: number;
    expires?: number;
    level?: number | null;
    is_order?: boolean;
    /** A check of reception: real, about no danger, and nothing is to be done. */
    check?: boolean;
    phase?: string;
    lane?: string;
    sent?: number;
    proof?: string;
    step_free?: { title: string; body: string };
  };
  /** Of kind 3: the ways of the parts of a cell, for everybody and step-free. */
  way?: PushWay;
  /** Of kind 2: the river's figures for a picture. */
  picture?: PushPicture;
}

/** Return what came by a push, undefined where it is no JSON; what it is worth says `noticeOf`. */
export function payloadOf(data: PushMessageData | null): unknown {
  try {
    return data?.json();
  } catch {
    return undefined;
  }
}

/** Return what *payload* says as a notice; undefined when it is not one of ours. */
export function noticeOf(payload: unknown, stepFree: boolean, words: NowWords): Seen | undefined {
  if (typeof payload !== "object" || payload === null) return undefined;
  const { web_push, notification, shirase, way, picture } = payload as Partial<PushPayload>;
  if (web_push !== 8030 || !notification?.title || !notification.tag || !shirase) return undefined;
  // The general text is safe for everybody; a phone that knows of a need takes the other.
  const said = (stepFree && (shirase.step_free ?? stepFreeText(payload as PushPayload, words))) || notification;
  return {
    tag: notification.tag,
    kind: shirase.kind,
    revision: shirase.revision ?? 0,
    sent: shirase.sent ?? 0,
    title: said.title,
    body: said.body,
    lang: notification.lang,
    navigate: notification.navigate,
    level: shirase.level ?? null,
    order: shirase.is_order ?? false,
    phase: shirase.phase ?? "",
    silent: notification.silent ?? false,
    ...(shirase.check ? { check: true } : {}),
    ...(shirase.lineage === undefined ? {} : { lineage: shirase.lineage }),
    ...(shirase.expires === undefined ? {} : { expires: shirase.expires }),
    ...(way === undefined ? {} : { way }),
    ...(picture === undefined ? {} : { picture }),
  };
}

/** Return the words for who cannot take steps, from the way inside the push; undefined where it is the same way. */
export function stepFreeText({ notification, shirase, way }: PushPayload, words: NowWords): { title: string; body: string } | undefined {
  const answer = way?.parts?.[0]?.s && answerOf(way, undefined, true);
  if (!answer) return undefined;
  const place = notification.title.split(/[：:]/)[0] ?? "";
  const go = answer.a === "go" && answer.to ? fill(words.go, { to: answer.to }) : undefined;
  const level = shirase.level ? `${fill(words.level, { n: shirase.level })} ` : "";
  const when = shirase.sent ? `${clock(shirase.sent * 1000, shirase.sent * 1000)} ` : "";
  const how = go ? `${go} (${fill(words.slow, { n: Math.ceil((answer.slow ?? 0) / 60) })}). ${words.turnBack}` : words.noWay;
  // The general words stay below: who reads it aloud to others must not send them another way.
  return { title: `${place}: ${words.onlyStepFree}`, body: `${level}${when}${how}\n${notification.body}` };
}

/** Return the newer of the two. An equal revision is the same notice once more: the first stays. */
export function newer(known: Seen | undefined, come: Seen): Seen {
  return known && known.revision >= come.revision ? known : come;
}

/** Say whether showing *shown* may make a sound: only something new, a higher level, or a changed way (R15). */
export function sounds(known: Seen | undefined, shown: Seen): boolean {
  // Outside the hours of a place, or about somebody else's below level 4: shown, without a sound (R5).
  if (shown.silent) return false;
  if (!known) return true;
  if (shown === known) return false;
  return (shown.level ?? 0) > (known.level ?? 0) || (shown.kind === 3 && shown.phase === "changed");
}
