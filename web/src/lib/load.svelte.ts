import { onReturn } from '$lib/events.svelte';

/** How long a page waits before it shows that it loads, in milliseconds. */
const patience = 300;

/** Something that a page needs from the service, with the states of getting it. */
export interface Resource<T> {
  /** The last answer; it stays while a new one is on its way. */
  readonly data: T | undefined;
  readonly error: unknown;
  readonly loading: boolean;
  /** Loading takes so long that the page should show it. */
  readonly slow: boolean;
  reload(): Promise<void>;
  /** set replaces the data by what a page already knows to be true. */
  set(data: T): void;
}

/**
 * resource loads what fetcher gets, now and whenever something reactive that fetcher reads has changed. Call it
 * while a component is made. An answer that was overtaken by a newer request is dropped.
 */
export function resource<T>(fetcher: (signal: AbortSignal) => Promise<T>): Resource<T> {
  let data = $state.raw<T>();
  let error = $state.raw<unknown>();
  let loading = $state(true);
  let slow = $state(false);
  let running: AbortController | undefined;

  async function load() {
    running?.abort();
    const mine = (running = new AbortController());
    loading = true;
    const timer = setTimeout(() => (slow = true), patience);
    mine.signal.addEventListener('abort', () => clearTimeout(timer));
    try {
      const answer = await fetcher(mine.signal);
      if (mine.signal.aborted) return;
      data = answer;
      error = undefined;
    } catch (e) {
      if (mine.signal.aborted) return;
      error = e;
    }
    clearTimeout(timer);
    slow = false;
    loading = false;
  }

  $effect(() => {
    void load();
    return () => running?.abort();
  });
  // What failed while the service or the session was away is tried again when they are back.
  $effect(() =>
    onReturn(() => {
      if (error) void load();
    }),
  );

  return {
    get data() {
      return data;
    },
    get error() {
      return error;
    },
    get loading() {
      return loading;
    },
    get slow() {
      return slow;
    },
    reload: load,
    set(value: T) {
      data = value;
      error = undefined;
    },
  };
}
