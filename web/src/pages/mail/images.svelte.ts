import { SvelteSet } from 'svelte/reactivity';
import type { Detail } from './details.svelte';
import { keep, kept } from './keep';

const senders = new SvelteSet(kept().images);
const asked = new SvelteSet<number>();

const sender = (detail: Detail) => detail.from?.[0]?.address.toLowerCase() ?? '';

/** images decides whose pictures from elsewhere are loaded: loading them tells the sender that the mail is read. */
export const images = {
  shown(detail: Detail | undefined): boolean {
    return detail !== undefined && (asked.has(detail.id) || this.trusts(detail));
  },
  /** trusts reports whether the reader wants to see all pictures of this sender. */
  trusts(detail: Detail): boolean {
    return senders.has(sender(detail));
  },
  /** show shows them in this message until the page is left. */
  show(detail: Detail): void {
    asked.add(detail.id);
  },
  /** trust remembers the sender on this device. */
  trust(detail: Detail): void {
    if (sender(detail)) senders.add(sender(detail));
    keep({ images: [...senders] });
  },
  /** distrust forgets the sender again. */
  distrust(detail: Detail): void {
    senders.delete(sender(detail));
    asked.delete(detail.id);
    keep({ images: [...senders] });
  },
};
