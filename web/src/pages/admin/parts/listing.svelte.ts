import { onReturn } from '$lib/events.svelte';

interface Page<T> {
  items: T[];
  next?: string;
}

/** A list that is read page by page and shown from the first one on. */
export interface Listing<T> {
  readonly items: T[];
  /** All pages are here. */
  readonly complete: boolean;
  readonly loaded: boolean;
  readonly slow: boolean;
  readonly error: unknown;
  reload(): Promise<void>;
}

/** listing reads a list of the service while the component lives that calls it. */
export function listing<T>(
  fetchPage: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>,
): Listing<T> {
  let items = $state.raw<T[]>([]);
  let complete = $state(false);
  let loaded = $state(false);
  let slow = $state(false);
  let error = $state.raw<unknown>();
  let running: AbortController | undefined;

  async function load() {
    running?.abort();
    const { signal } = (running = new AbortController());
    const timer = setTimeout(() => (slow = !loaded), 300);
    // What is shown stays until the list is read anew; the first time it grows under the reader's eyes.
    const fresh: T[] = [];
    let cursor: string | undefined;
    try {
      do {
        const page = await fetchPage(cursor, signal);
        if (signal.aborted) return;
        fresh.push(...page.items);
        cursor = page.next;
        if (!complete) items = [...fresh];
        loaded = true;
      } while (cursor);
      items = fresh;
      complete = true;
      error = undefined;
    } catch (e) {
      if (!signal.aborted) error = e;
    } finally {
      clearTimeout(timer);
      if (!signal.aborted) slow = false;
    }
  }

  $effect(() => {
    void load();
    const stop = onReturn(() => void load());
    return () => {
      stop();
      running?.abort();
    };
  });

  return {
    get items() {
      return items;
    },
    get complete() {
      return complete;
    },
    get loaded() {
      return loaded;
    },
    get slow() {
      return slow;
    },
    get error() {
      return error;
    },
    reload: load,
  };
}
