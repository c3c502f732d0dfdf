import { session } from '$lib/session.svelte';
import type { Query } from './outbox-list.svelte';

/** link is the address of the outbox with a filter, and with a mail opened. */
export function link({ state, account, user }: Query, id = 0): string {
  const query = new URLSearchParams();
  if (state) query.set('state', state);
  if (account) query.set('account', String(account));
  if (session.admin && !user) query.set('of', 'all');
  const text = query.toString();
  return '/outbox' + (id ? `/${id}` : '') + (text && '?' + text);
}
