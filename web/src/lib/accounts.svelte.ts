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

/** followAccounts keeps the list true until the returned function is called. */
export function followAccounts(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  // Events come in bursts: an account that fails tells of both its sides.
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void refreshAccounts(), 100);
  };
  const stops = [
    onEvent(['account.connected', 'account.updated', 'account.health', 'account.deleted'], soon),
    onReturn(soon),
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
