import { api, call, everyPage, type Schema } from '$lib/api/client';
import { onEvent, onReturn } from '$lib/events.svelte';

type Account = Schema<'Account'>;

let list = $state.raw<Account[]>([]);
let loaded = $state(false);
let failure = $state.raw<unknown>();

/** accounts are those that the signed-in user may use: owned or shared, by name. */
export const accounts = {
  get list() {
    return list;
  },
  /** The list is here. */
  get loaded() {
    return loaded;
  },
  get error() {
    return failure;
  },
  byId(id: number): Account | undefined {
    return list.find((a) => a.id === id);
  },
};

/** refreshAccounts reads the list anew. */
export async function refreshAccounts(): Promise<void> {
  try {
    list = await everyPage((cursor) => call(api.GET('/accounts', { params: { query: { limit: 100, cursor } } })));
    failure = undefined;
    loaded = true;
  } catch (e) {
    failure = e;
  }
}

/** refreshAccount reads one account of the list anew. */
async function refreshAccount(id: number): Promise<void> {
  try {
    const account = await call(api.GET('/accounts/{id}', { params: { path: { id } } }));
    list = list.map((a) => (a.id === id ? account : a));
  } catch {
    // It is gone, or no longer for this user: the whole list tells.
    await refreshAccounts();
  }
}

/** followAccounts keeps the list true until the returned function is called. */
export function followAccounts(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const changed = new Set<number>();
  // Events come in bursts: an account that fails tells of both its sides.
  const later = (what: () => void) => {
    clearTimeout(timer);
    timer = setTimeout(what, 100);
  };
  const refresh = () => {
    const ids = [...changed];
    changed.clear();
    // An account that is not in the list may be one of a colleague, or have come to this user just now.
    if (ids.length > 3 || ids.some((id) => !accounts.byId(id))) void refreshAccounts();
    else ids.forEach((id) => void refreshAccount(id));
  };
  const stops = [
    onEvent(['account.connected', 'account.updated', 'account.health', 'account.deleted'], (e) => {
      changed.add(e.account_id ?? 0);
      later(refresh);
    }),
    onReturn(() => later(() => void refreshAccounts())),
  ];
  void refreshAccounts();
  return () => {
    clearTimeout(timer);
    stops.forEach((stop) => stop());
    list = [];
    loaded = false;
    failure = undefined;
  };
}
