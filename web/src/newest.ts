// Which of two notices of one lineage is shown: never an older one instead of a newer one.
import type { Seen } from "./store";

/** The form of a push: Declarative Web Push, with what our worker needs beside it. */
export interface PushPayload {
  web_push: 8030;
  notification: { title: string; body: string; lang: string; navigate: string; tag: string; timestamp?: number; silent?: boolean };
  shirase: {
    v: number;
    kind: number;
    revision?: number;
    level?: number | null;
    phase?: string;
    sent?: number;
    proof?: string;
    step_free?: { title: string; body: string };
  };
}

/** Return what *payload* says as a notice; undefined when it is not one of ours. */
export function noticeOf(payload: unknown, stepFree: boolean): Seen | undefined {
  if (typeof payload !== "object" || payload === null) return undefined;
  const { web_push, notification, shirase } = payload as Partial<PushPayload>;
  if (web_push !== 8030 || !notification?.title || !notification.tag || !shirase) return undefined;
  // The general text is safe for everybody; a phone that knows of a need takes the other.
  const said = stepFree && shirase.step_free ? shirase.step_free : notification;
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
    phase: shirase.phase ?? "",
    silent: notification.silent ?? false,
  };
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
