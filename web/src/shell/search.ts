import { go, route } from '$lib/router.svelte';

let take: (() => void) | undefined;
let waiting = false;

/** onSearch calls fn whenever the person asks for search. It returns how to stop that. */
export function onSearch(fn: () => void): () => void {
  take = fn;
  if (waiting) {
    waiting = false;
    fn();
  }
  return () => {
    if (take === fn) take = undefined;
  };
}

/** startSearch opens the search of the mail page, from wherever the person is. */
export function startSearch(): void {
  if (take) return take();
  waiting = true;
  if (route.name !== 'mail') go('/mail');
}
