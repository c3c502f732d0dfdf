import { everyPage } from '$lib/api/client';
import { onReturn } from '$lib/events.svelte';
import { fetchAudit, table, type Entry, type Filters } from './audit';

/** How long a list may take before the page shows that it loads, in milliseconds. */
const patience = 300;

/** AuditLog is the audit as far as it has been loaded. */
export class AuditLog {
  items = $state.raw<Entry[]>([]);
  next = $state<string>();
  loaded = $state(false);
  slow = $state(false);
  busy = $state(false);
  error = $state.raw<unknown>();
  #filters: Filters | undefined;
  #running: AbortController | undefined;

  /** show loads the first page of what is asked. */
  async show(filters: Filters): Promise<void> {
    this.#filters = filters;
    await this.#load();
  }

  reload = (): Promise<void> => this.#load();
  /** more loads the next page. */
  more = (): Promise<void> => (this.next ? this.#load(this.next) : Promise.resolve());

  async #load(cursor?: string): Promise<void> {
    if (!this.#filters) return;
    this.#running?.abort();
    const { signal } = (this.#running = new AbortController());
    const timer = setTimeout(() => (this.slow = !this.loaded), patience);
    this.busy = true;
    try {
      const page = await fetchAudit(this.#filters, 50, cursor, signal);
      if (signal.aborted) return;
      this.items = cursor ? [...this.items, ...page.items] : page.items;
      this.next = page.next;
      this.error = undefined;
      this.loaded = true;
    } catch (e) {
      if (!signal.aborted) this.error = e;
    } finally {
      clearTimeout(timer);
      if (!signal.aborted) this.busy = this.slow = false;
    }
  }

  /** table reads all that fits the filters and writes it as CSV. */
  async table(): Promise<string> {
    const filters = this.#filters!;
    return table(await everyPage((cursor) => fetchAudit(filters, 100, cursor)));
  }

  /** follow tries again when the service or the session is back, until the returned function is called. */
  follow(): () => void {
    const stop = onReturn(() => void this.reload());
    return () => (stop(), this.#running?.abort());
  }
}
