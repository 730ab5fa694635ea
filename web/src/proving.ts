/// <reference lib="webworker" />
// What the workers of both lanes do with an address: they prove it, and say so when the browser gave them another.
import { confirm, request } from "./door";
import type { Lane, Said } from "./lanes";
import type { Store } from "./store";

export interface PushSubscriptionChangeEvent extends ExtendableEvent {
  readonly oldSubscription: PushSubscription | null;
  readonly newSubscription: PushSubscription | null;
}

/** A worker with its lane. */
export interface Post {
  worker: ServiceWorkerGlobalScope;
  lane: Lane["name"];
  store: Store;
}

/** Tell every open page of ours. */
export async function tell({ worker, lane }: Post, said: Said): Promise<void> {
  for (const client of await worker.clients.matchAll({ includeUncontrolled: true })) client.postMessage({ lane, ...said });
}

/** Keep the proof, and send it back: only then is the subscription stored. */
export async function prove(post: Post, proof: string): Promise<void> {
  // Whichever of page and worker comes second has both token and proof, and confirms.
  const me = await post.store.updateMe({ proof });
  await tell(post, { tested: true });
  if (!me?.token) return;
  try {
    await confirm(me.wish, me.token, proof);
    await post.store.updateMe({ active: true });
    await tell(post, { active: true });
  } catch {
    // The page asks again when it is opened: the proof is kept.
    await tell(post, { active: false });
  }
}

/** Say under the same token that the browser gave another address; call *lost* where there is none. */
export async function renew(post: Post, event: PushSubscriptionChangeEvent, lost: (language: string) => Promise<void>): Promise<void> {
  const me = await post.store.readMe().catch(() => undefined);
  if (!me) return;
  try {
    const options = event.oldSubscription?.options;
    const fresh = event.newSubscription ?? (await post.worker.registration.pushManager.subscribe(options as PushSubscriptionOptionsInit));
    const wish = { ...me.wish, endpoint: fresh.endpoint, keys: fresh.toJSON().keys as { p256dh: string; auth: string } };
    // Still active: should the proof not come, the page sees at its next opening that it is missing, and asks again.
    await post.store.updateMe({ wish, proof: "" });
    await request(wish, me.token);
  } catch {
    await lost(me.wish.language);
  }
}
