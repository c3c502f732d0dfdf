import { here } from '$lib/base';
import { go, route } from '$lib/router.svelte';

/** fits tells whether every word of a query is somewhere in the texts. */
export function fits(query: string, ...texts: (string | undefined)[]): boolean {
  const hay = texts.join('\n').toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => hay.includes(word));
}

/** remember puts filters into the address, so that a list can be sent to a colleague and found again. */
export function remember(filters: Record<string, string>): void {
  // A list that appears while its page is being left must not touch the address of the next page.
  if (route.name !== 'admin') return;
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(filters)) if (value) query.set(key, value);
  const text = query.toString();
  const path = route.path + (text ? `?${text}` : '');
  if (path !== here()) go(path, { replace: true });
}
