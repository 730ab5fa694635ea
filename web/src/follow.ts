// Hears of changes for all shards and looks for its own: who is asked learns nothing of the place.
const POLL_MS = 30_000;

/** Call *changed* when something new may be had of *shard*(s); by events where they come through, else by asking. */
export function follow(concerns: (shards: readonly string[]) => boolean, changed: () => void): () => void {
  let events: EventSource | undefined;
  let heard = 0;
  const tick = setInterval(() => {
    // Events say when there is news; where none comes through, and after sleep, we ask.
    if (document.visibilityState === "visible" && (Date.now() - heard >= POLL_MS || events?.readyState !== EventSource.OPEN)) changed();
  }, POLL_MS);
  const visible = (): void => {
    if (document.visibilityState === "visible") changed();
  };
  document.addEventListener("visibilitychange", visible);
  addEventListener("online", changed);
  if ("EventSource" in window) {
    events = new EventSource("/live/events");
    const listen = (event: MessageEvent<string>): void => {
      heard = Date.now();
      if (concerns(shardsIn(event.data))) changed();
    };
    events.addEventListener("change", listen as EventListener);
    // The page was away for longer than the server remembers.
    events.addEventListener("index", changed);
  }
  return () => {
    clearInterval(tick);
    document.removeEventListener("visibilitychange", visible);
    removeEventListener("online", changed);
    events?.close();
  };
}

/** Return the shards that an event names; none for a heartbeat or for what cannot be read. */
export function shardsIn(data: string): string[] {
  try {
    const said = JSON.parse(data) as { shards?: unknown };
    if (Array.isArray(said.shards)) return said.shards.filter((one): one is string => typeof one === "string");
    return said.shards && typeof said.shards === "object" ? Object.keys(said.shards) : [];
  } catch {
    return [];
  }
}
