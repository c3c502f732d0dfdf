import { api, call, type Schema } from '$lib/api/client';
import { onEvent, onReturn, type OutgoingData } from '$lib/events.svelte';
import { attention, states, type Outgoing, type State } from './states';

/** What the list shows. */
export interface Query {
  /** A state, "attention" for those that wait for a person, or "" for all. */
  state: State | 'attention' | '';
  /** An account, or 0. */
  account: number;
  /** For whom it was sent, or 0 for all that may be seen. */
  user: number;
}

/** How long a list may take before the page shows that it loads, in milliseconds. */
const patience = 300;

/** stateOf reads a filter from the address bar. */
export function stateOf(text: string): Query['state'] {
  return text === 'attention' || states.some((s) => s === text) ? (text as Query['state']) : '';
}

/** OutboxList is the outbox as far as it has been loaded, kept true by events. */
export class OutboxList {
  items = $state.raw<Outgoing[]>([]);
  next = $state<string>();
  loading = $state(true);
  slow = $state(false);
  error = $state.raw<unknown>();
  #query: Query = { state: '', account: 0, user: 0 };
  #turn = 0;

  /** show loads the first page of what is asked. */
  async show(query: Query): Promise<void> {
    this.#query = query;
    const turn = ++this.#turn;
    this.loading = true;
    const timer = setTimeout(() => (this.slow = turn === this.#turn), patience);
    try {
      const page = await this.#fetch();
      if (turn !== this.#turn) return;
      this.items = page.items;
      this.next = page.next;
      this.error = undefined;
    } catch (e) {
      if (turn !== this.#turn) return;
      this.error = e;
      this.items = [];
      this.next = undefined;
    } finally {
      clearTimeout(timer);
    }
    this.slow = false;
    this.loading = false;
  }

  reload = (): Promise<void> => this.show(this.#query);

  /** more loads the next page. */
  async more(): Promise<void> {
    const turn = this.#turn;
    if (!this.next || this.loading) return;
    this.loading = true;
    try {
      const page = await this.#fetch(this.next);
      if (turn !== this.#turn) return;
      const known = new Set(this.items.map((m) => m.id));
      this.items = [...this.items, ...page.items.filter((m) => !known.has(m.id))];
      this.next = page.next;
      this.error = undefined;
    } catch (e) {
      if (turn === this.#turn) this.error = e;
    }
    if (turn === this.#turn) this.loading = false;
  }

  #fetch(cursor?: string): Promise<Schema<'PageOutgoingMessage'>> {
    const { state, account, user } = this.#query;
    const wanted = state === 'attention' ? attention : state ? [state] : undefined;
    const query = { cursor, limit: 50, account: account || undefined, user: user || undefined, state: wanted };
    return call(api.GET('/outbox', { params: { query } }));
  }

  /** put takes what another part of the page knows of a mail. */
  put(m: Outgoing): void {
    this.items = this.items.map((old) => (old.id === m.id ? m : old));
  }

  /** follow keeps the list true until the returned function is called. */
  follow(): () => void {
    const changed = new Set<number>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(() => void this.#refresh([...changed].splice(0)).finally(() => changed.clear()), 150);
    };
    const stops = [
      onEvent(['outgoing.state'], (e) => {
        changed.add((e.data as OutgoingData).outgoing_id);
        soon();
      }),
      onReturn(() => void this.reload()),
    ];
    return () => {
      clearTimeout(timer);
      stops.forEach((stop) => stop());
    };
  }

  /** The first page brings what is new and what has changed there; what has changed below is asked for by itself. */
  async #refresh(changed: number[]): Promise<void> {
    const turn = this.#turn;
    try {
      const page = await this.#fetch();
      const below = changed.filter((id) => !page.items.some((m) => m.id === id) && this.items.some((m) => m.id === id));
      const fresh = await Promise.all(
        below.slice(0, 20).map((id) => call(api.GET('/outbox/{id}', { params: { path: { id } } }))),
      );
      if (turn !== this.#turn) return;
      const { state } = this.#query;
      const fits = (m: Outgoing) => !state || (state === 'attention' ? attention.includes(m.state) : m.state === state);
      const last = page.items.at(-1)?.id ?? 0;
      const rest = this.items
        .filter((m) => page.next !== undefined && m.id < last)
        .map((m) => fresh.find((f) => f.id === m.id) ?? m)
        .filter(fits);
      if (rest.length === 0) this.next = page.next;
      this.items = [...page.items, ...rest];
      this.error = undefined;
    } catch {
      // The list stays as it was; the line above tells when the service is out of reach.
    }
  }
}
