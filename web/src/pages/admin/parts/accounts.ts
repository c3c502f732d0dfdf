import { base } from '$lib/base';
import { api, call, type Schema } from '$lib/api/client';

export type Account = Schema<'AccountItem'>;

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
  return `${base}/api/v1/accounts/csv?${query}`;
}

/** fetchAccounts reads a page of the accounts that fit the filters. */
export const fetchAccounts = (f: Filters, limit: number, cursor?: string, signal?: AbortSignal) =>
  call(api.GET('/accounts', { params: { query: { ...ask(f), limit, ...(cursor && { cursor }) } }, signal }));
