// What stays on the phone: the token, the wish, names, needs, and the newest notice of each lineage.
// Drills have a database of their own: nothing that lists what is real can come upon one of them.
import type { Wish } from "./door";
import type { Need } from "./needs";
import type { PushWay } from "./push-way";
import type { PushPicture } from "./river";

const VERSION = 1;

/** A notice as its push carried it. */
export interface Seen {
  tag: string;
  kind: number;
  revision: number;
  sent: number;
  title: string;
  body: string;
  lang: string;
  navigate: string;
  level: number | null;
  /** The level is that of an order to leave. */
  order?: boolean;
  /** A check of reception. */
  check?: boolean;
  phase: string;
  silent?: boolean;
  lineage?: string;
  expires?: number;
  /** When this phone got it, in milliseconds. */
  came?: number;
  way?: PushWay;
  picture?: PushPicture;
}

/** Everything about this phone's subscription. `proof` is empty until the welcome came. */
export interface Me {
  token: string;
  proof: string;
  active: boolean;
  wish: Wish;
  names: Record<string, string>;
  stepFree: boolean;
  /** Why; missing where the phone signed up before it was asked. */
  needs?: Need[];
  /** The one place that goes where the phone goes; `alone` where it is none of the others as well. */
  following?: Following | undefined;
}

export interface Following {
  cell: string;
  alone: boolean;
}

/** What one lane keeps on this phone. */
export interface Store {
  readMe(): Promise<Me | undefined>;
  writeMe(me: Me): Promise<IDBValidKey>;
  /** Change what is known of this phone in one transaction: page and worker may both be at it. */
  updateMe(change: Partial<Me>): Promise<Me | undefined>;
  forgetMe(): Promise<undefined>;
  readSeen(tag: string): Promise<Seen | undefined>;
  allSeen(): Promise<Seen[]>;
  writeSeen(seen: Seen): Promise<IDBValidKey>;
}

function open(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(name, VERSION);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("me");
      asked.result.createObjectStore("seen", { keyPath: "tag" });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

/** Return the store in the database *name*. */
function storeIn(name: string): Store {
  async function run<T>(store: "me" | "seen", mode: IDBTransactionMode, work: (at: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const db = await open(name);
    try {
      return await new Promise<T>((resolve, reject) => {
        const transaction = db.transaction(store, mode);
        const asked = work(transaction.objectStore(store));
        transaction.oncomplete = () => resolve(asked.result);
        transaction.onerror = () => reject(transaction.error);
        transaction.onabort = () => reject(transaction.error);
      });
    } finally {
      db.close();
    }
  }

  async function updateMe(change: Partial<Me>): Promise<Me | undefined> {
    let after: Me | undefined;
    await run("me", "readwrite", (at) => {
      const asked = at.get("me") as IDBRequest<Me | undefined>;
      asked.onsuccess = () => {
        if (!asked.result) return;
        after = { ...asked.result, ...change };
        at.put(after, "me");
      };
      return asked;
    });
    return after;
  }

  return {
    updateMe,
    readMe: () => run("me", "readonly", (at) => at.get("me") as IDBRequest<Me | undefined>),
    writeMe: (me) => run("me", "readwrite", (at) => at.put(me, "me")),
    forgetMe: () => run("me", "readwrite", (at) => at.delete("me")),
    readSeen: (tag) => run("seen", "readonly", (at) => at.get(tag) as IDBRequest<Seen | undefined>),
    allSeen: () => run("seen", "readonly", (at) => at.getAll() as IDBRequest<Seen[]>),
    writeSeen: (seen) => run("seen", "readwrite", (at) => at.put(seen)),
  };
}

export const LIVE_STORE = storeIn("shirase");
export const DRILL_STORE = storeIn("shirase-drills");
export const { readMe, writeMe, updateMe, forgetMe, readSeen, allSeen, writeSeen } = LIVE_STORE;
