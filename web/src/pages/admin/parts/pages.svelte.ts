import { onReturn } from '$lib/events.svelte';

interface Page<T> {
  items: T[];
  next?: string;
}

/** How long a list may take before the page shows that it loads, in milliseconds. */
const patience = 300;

/** Pages is a list of what was asked for, as far as it has been loaded; the rest comes page by page. */
export class Pages<T, Asked> {
  items = $state.raw<T[]>([]);
  next = $state<string>();
  loaded = $state(false);
  slow = $state(false);
  busy = $state(false);
  error = $state.raw<unknown>();
  #asked: Asked | undefined;
  #running: AbortController | undefined;

  constructor(
    private fetchPage: (asked: Asked, limit: number, cursor?: string, signal?: AbortSignal) => Promise<Page<T>>,
    private size = 50,
  ) {}

  /** show loads the first page of what is asked. */
  show(asked: Asked): Promise<void> {
    this.#asked = asked;
    return this.#load(1);
  }
  /** reload reads anew what is shown. */
  reload = (): Promise<void> => this.#load(Math.max(1, Math.ceil(this.items.length / this.size)));
  /** more loads the next page. */
  more = (): Promise<void> => (this.next ? this.#load(1, this.next) : Promise.resolve());

  async #load(pages: number, from?: string): Promise<void> {
    if (this.#asked === undefined) return;
    this.#running?.abort();
    const { signal } = (this.#running = new AbortController());
    const timer = setTimeout(() => (this.slow = !this.loaded), patience);
    this.busy = true;
    const fresh = from ? [...this.items] : [];
    let cursor = from;
    try {
      do {
        const page = await this.fetchPage(this.#asked, this.size, cursor, signal);
        if (signal.aborted) return;
        fresh.push(...page.items);
        cursor = page.next;
      } while (cursor && --pages > 0);
      this.items = fresh;
      this.next = cursor;
      this.error = undefined;
      this.loaded = true;
    } catch (e) {
      if (!signal.aborted) this.error = e;
    } finally {
      clearTimeout(timer);
      if (!signal.aborted) this.busy = this.slow = false;
    }
  }

  /** follow tries again when the service or the session is back, until the returned function is called. */
  follow(): () => void {
    const stop = onReturn(() => void this.reload());
    return () => (stop(), this.#running?.abort());
  }
}
