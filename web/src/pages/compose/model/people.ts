import { accounts } from '$lib/accounts.svelte';
import { api, call, type Schema } from '$lib/api/client';
import type { Address } from './addresses';

interface Known {
  name: string;
  address: string;
  /** How often it was seen, recent mails counting more. */
  weight: number;
}

const known = new Map<string, Known>();
let learnt = 0;
let whose: number | undefined;

/** How long what was learnt holds, in milliseconds. */
const fresh = 10 * 60_000;
/** Of how many accounts the newest mails are read. */
const most = 4;

/** learnAddresses reads the addresses of the newest mails, so that they can be proposed. */
export async function learnAddresses(user: number): Promise<void> {
  if (whose === user && Date.now() - learnt < fresh) return;
  if (whose !== user) known.clear();
  whose = user;
  learnt = Date.now();
  await Promise.all(
    accounts.list
      .filter((a) => a.incoming)
      .slice(0, most)
      .map(async ({ id }) => {
        const params = { path: { id }, query: { limit: 100 } };
        const page = await call(api.GET('/accounts/{id}/messages', { params })).catch(() => undefined);
        page?.items.forEach((mail, i) => rememberMail(mail, 2 - i / 100));
      }),
  );
  // Without accounts yet the next window asks again.
  if (accounts.list.length === 0) learnt = 0;
}

function rememberMail(mail: Schema<'Message'>, weight: number): void {
  remember(mail.from ?? [], weight);
  remember([...(mail.to ?? []), ...(mail.cc ?? [])], weight / 2);
}

/** remember takes addresses that were seen or written to. */
export function remember(list: Address[], weight: number): void {
  for (const { name = '', address } of list) {
    const key = address.toLowerCase();
    if (!address.includes('@') || /^(no-?reply|do-?not-?reply|mailer-daemon|bounces?)\b/i.test(key)) continue;
    const before = known.get(key);
    known.set(key, { name: before?.name || name, address, weight: (before?.weight ?? 0) + weight });
  }
}

/** proposals are known people whose name or address begins a word with what was typed, the likeliest first. */
export function proposals(typed: string, without: Address[], limit = 6): Address[] {
  const words = fold(typed).split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const taken = new Set(without.map((a) => a.address.toLowerCase()));
  return [...known.values()]
    .filter((p) => !taken.has(p.address.toLowerCase()) && matches(p, words))
    .sort((a, b) => b.weight - a.weight)
    .slice(0, limit)
    .map(({ name, address }) => (name ? { name, address } : { address }));
}

function matches({ name, address }: Known, words: string[]): boolean {
  const folded = fold(address);
  const parts = [...fold(name).split(/[\s,]+/), folded, ...folded.split(/[@._+-]/)];
  return words.every((word) => parts.some((part) => part.startsWith(word)));
}

const fold = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
