// What stays on the phone: the token, the wish, names, needs, and the newest notice of each lineage.
import type { Wish } from "./door";
import type { PushWay } from "./push-way";
import type { PushPicture } from "./river";

const NAME = "shirase";
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
  /** The one place that goes where the phone goes; `alone` where it is none of the others as well. */
  following?: Following | undefined;
}

export interface Following {
  cell: string;
  alone: boolean;
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("me");
      asked.result.createObjectStore("seen", { keyPath: "tag" });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

/** Change what is known of this phone in one transaction: page and worker may both be at it. */
export async function updateMe(change: Partial<Me>): Promise<Me | undefined> {
  const db = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = db.transaction("me", "readwrite");
      const at = transaction.objectStore("me");
      let after: Me | undefined;
      const asked = at.get("me") as IDBRequest<Me | undefined>;
      asked.onsuccess = () => {
        if (!asked.result) return;
        after = { ...asked.result, ...change };
        at.put(after, "me");
      };
      transaction.oncomplete = () => resolve(after);
      transaction.onerror = () => reject(transaction.error);
    });
  } finally {
    db.close();
  }
}

async function run<T>(store: "me" | "seen", mode: IDBTransactionMode, work: (at: IDBObjectStore) => IDBRequest<T>) {
  const db = await open();
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

export const readMe = (): Promise<Me | undefined> => run("me", "readonly", (at) => at.get("me") as IDBRequest<Me | undefined>);
export const writeMe = (me: Me): Promise<IDBValidKey> => run("me", "readwrite", (at) => at.put(me, "me"));
export const forgetMe = (): Promise<undefined> => run("me", "readwrite", (at) => at.delete("me"));
export const readSeen = (tag: string): Promise<Seen | undefined> =>
  run("seen", "readonly", (at) => at.get(tag) as IDBRequest<Seen | undefined>);
export const allSeen = (): Promise<Seen[]> => run("seen", "readonly", (at) => at.getAll() as IDBRequest<Seen[]>);
export const writeSeen = (seen: Seen): Promise<IDBValidKey> => run("seen", "readwrite", (at) => at.put(seen));
