import type { Schema } from '$lib/api/client';

export type Kind = NonNullable<Schema<'Draft'>['kind']>;

/** What a new window of compose begins with. */
export interface ComposeRequest {
  kind: Kind;
  /** Id of the message that is answered or forwarded. */
  parent?: number;
  /** Account to send from; without it the service resolves who sends. */
  account?: number;
  /** Addresses to begin with, such as from a mailto link. */
  to?: Schema<'Address'>[];
  /** Key of a draft that is kept on this device; all else is then ignored. */
  draftId?: string;
}

let queue = $state.raw<ComposeRequest[]>([]);
let wanted = $state(false);

/** openings are the requests that no window has taken yet. The windows are loaded with the first of them. */
export const openings = {
  /** Somebody has asked for a window, or drafts wait on this device. */
  get wanted() {
    return wanted;
  },
  get count() {
    return queue.length;
  },
  /** take empties the queue. */
  take(): ComposeRequest[] {
    const taken = queue;
    queue = [];
    return taken;
  },
};

/** openCompose opens a window to write a mail, above whatever page is shown. */
export function openCompose(request: ComposeRequest = { kind: 'new' }): void {
  queue = [...queue, request];
  wanted = true;
}

/** wakeCompose loads the windows without a new one, for drafts that are kept on this device. */
export function wakeCompose(): void {
  wanted = true;
}
