import { api, call, type Schema } from '$lib/api/client';
import { onReturn } from '$lib/events.svelte';

export type Account = Schema<'AccountItem'>;

/** How long a list may take before the page shows that it loads, in milliseconds. */
const patience = 300;

/** What of all accounts is shown, and how; "" does not limit it. They stand in the address by these names. */
export interface Filters {
  q: string;
  state: string;
  provider: string;
  domain: string;
  owner: string;
  profile: string;
  /** "1" for accounts that nobody was given, or for deleted ones. */
  unassigned: string;
  deleted: string;
  sort: string;
  /** "1" for the order turned round. */
  desc: string;
}

export const states = ['trouble', 'incomplete', 'retrying', 'new', 'ok', 'disabled'] as const;
export const sorts = ['state', 'name', 'address', 'success', 'created'] as const;
type Sort = (typeof sorts)[number];

export const noFilters: Filters = {
  q: '',
  state: '',
  provider: '',
  domain: '',
  owner: '',
  profile: '',
  unassigned: '',
  deleted: '',
  sort: '',
  desc: '',
};

const place = 'mailstead.accounts';

interface Kept {
  filters: Partial<Filters>;
  columns?: string[];
}

function kept(): Kept {
  try {
    return { filters: {}, ...(JSON.parse(localStorage.getItem(place) ?? '{}') as Partial<Kept>) };
  } catch {
    return { filters: {} };
  }
}

function keep(change: Partial<Kept>): void {
  try {
    localStorage.setItem(place, JSON.stringify({ ...kept(), ...change }));
  } catch {
    // A browser that keeps nothing still shows what was chosen.
  }
}

/** filtersOf are the filters of an address; one without any gets those of the last visit. */
export function filtersOf(query: URLSearchParams): Filters {
  const known = Object.keys(noFilters) as (keyof Filters)[];
  const last = known.some((k) => query.has(k)) ? {} : kept().filters;
  const out = { ...noFilters };
  for (const k of known) out[k] = query.get(k) ?? last[k] ?? '';
  return out;
}

export const keepFilters = (filters: Filters): void => keep({ filters });

/** The columns that can be chosen, and those that are shown at first. */
export const columnKeys = ['owner', 'state', 'incoming', 'outgoing', 'provider', 'success', 'created', 'note'] as const;
export type ColumnKey = (typeof columnKeys)[number];
const firstColumns: ColumnKey[] = ['owner', 'incoming', 'outgoing', 'success'];

export function keptColumns(): ColumnKey[] {
  const stored = kept().columns;
  return stored ? columnKeys.filter((k) => stored.includes(k)) : firstColumns;
}
export const keepColumns = (columns: ColumnKey[]): void => keep({ columns });

/** ask turns filters into words of the API. */
export function ask(f: Filters) {
  return {
    all: true,
    ...(f.q.trim() && { q: f.q.trim() }),
    ...(f.state && { state: f.state as Account['state'] }),
    ...(f.provider && { provider: f.provider }),
    ...(f.domain.trim() && { domain: f.domain.trim() }),
    ...(f.owner && { owner: Number(f.owner) }),
    ...(f.profile && { profile: Number(f.profile) }),
    ...(f.unassigned && { unassigned: true }),
    ...(f.deleted && { deleted: true }),
    sort: (f.sort || 'state') as Sort,
    ...(f.desc && { desc: true }),
  };
}

/** tableLink is where the accounts that fit the filters come as CSV. */
export function tableLink(f: Filters): string {
  const query = new URLSearchParams();
  for (const [k, v] of Object.entries(ask(f))) query.set(k, String(v));
  return `/api/v1/accounts/csv?${query}`;
}

/** AccountPages are the accounts that fit the filters, as far as they have been loaded. */
export class AccountPages {
  items = $state.raw<Account[]>([]);
  next = $state<string>();
  loaded = $state(false);
  slow = $state(false);
  busy = $state(false);
  error = $state.raw<unknown>();
  #filters = noFilters;
  #running: AbortController | undefined;

  /** show loads the first page of what is asked. */
  show(filters: Filters): Promise<void> {
    this.#filters = filters;
    return this.#load(1);
  }
  /** reload reads anew what is shown. */
  reload = (): Promise<void> => this.#load(Math.max(1, Math.ceil(this.items.length / 50)));
  /** more loads the next page. */
  more = (): Promise<void> => this.#load(1, this.next);

  async #load(pages: number, from?: string): Promise<void> {
    this.#running?.abort();
    const { signal } = (this.#running = new AbortController());
    const timer = setTimeout(() => (this.slow = !this.loaded), patience);
    this.busy = true;
    const fresh = from ? [...this.items] : [];
    let cursor = from;
    try {
      do {
        const query = { ...ask(this.#filters), limit: 50, ...(cursor && { cursor }) };
        const page = await call(api.GET('/accounts', { params: { query }, signal }));
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
