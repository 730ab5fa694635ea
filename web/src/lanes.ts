// The two ways in which this browser may be told: what is real, and drills. Each has a worker, a key, an address and a
// store of its own, because a browser gives one address for each worker and each address belongs to one key.
import type { DoorKey } from "./door";
import { DRILL_STORE, LIVE_STORE, type Store } from "./store";

export interface Lane {
  /** As its worker calls itself in what it says to pages: those of both lanes reach every page. */
  name: "live" | "drill";
  store: Store;
  key(door: DoorKey): string | undefined;
  /** The registration, with a worker that takes pushes. */
  worker(): Promise<ServiceWorkerRegistration>;
}

/** What a worker says to the pages. */
export interface Said {
  lane?: Lane["name"];
  active?: boolean;
  tested?: boolean;
  shown?: string;
}

/** No page lies below it: what the worker of drills may answer is nothing but pushes. */
export const DRILL_SCOPE = "/drills/";

export const LIVE: Lane = { name: "live", store: LIVE_STORE, key: (door) => door.application_server_key, worker: () => navigator.serviceWorker.ready };
export const DRILLS: Lane = { name: "drill", store: DRILL_STORE, key: (door) => door.drill_server_key, worker: drillWorker };

/** Return what *event* says, if a worker of *lane* says it. A worker of before there were lanes names none. */
export const saidBy = (lane: Lane, event: MessageEvent<Said>): Said | undefined => ((event.data.lane ?? "live") === lane.name ? event.data : undefined);

async function drillWorker(): Promise<ServiceWorkerRegistration> {
  const registration = await navigator.serviceWorker.register("/drill-sw.js", { scope: DRILL_SCOPE });
  const young = registration.installing ?? registration.waiting;
  // `ready` waits for the worker of this page, which is the other one; a subscription needs an active worker.
  if (!registration.active && young)
    await new Promise<void>((resolve, reject) => {
      young.addEventListener("statechange", () => {
        if (young.state === "activated") resolve();
        if (young.state === "redundant") reject(new Error("the worker of drills could not be installed"));
      });
    });
  return registration;
}
