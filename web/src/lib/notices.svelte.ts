import { api, call, type Schema } from '$lib/api/client';
import { onEvent, onReturn } from '$lib/events.svelte';

export type Notice = Schema<'Notice'>;

let list = $state.raw<Notice[]>([]);

/** notices is what the signed-in user must know about accounts, newest first. */
export const notices = {
  get list() {
    return list;
  },
  /** of is the notice of a stop of an account that still lasts. */
  of(account: number): Notice | undefined {
    return list.find((n) => n.account_id === account && n.kind === 'stopped');
  },
};

async function refresh(): Promise<void> {
  try {
    list = (await call(api.GET('/notices'))).items;
  } catch {
    // What is known stays; the next event, or the way back, asks again.
  }
}

/** putAway stores that a notice was read. */
export async function putAway(notice: Notice): Promise<void> {
  const at = new Date().toISOString();
  list = list
    .map((n) => (n.id === notice.id ? { ...n, read_at: at } : n))
    .filter((n) => n.kind === 'stopped' || !n.read_at);
  await call(api.POST('/notices/{id}/read', { params: { path: { id: notice.id } } }));
}

/** followNotices keeps the notices true until the returned function is called. */
export function followNoticesOfAccounts(): () => void {
  void refresh();
  const stops = [
    onEvent(['notices.changed', 'account.deleted', 'account.updated'], () => void refresh()),
    onReturn(() => void refresh()),
  ];
  return () => {
    stops.forEach((stop) => stop());
    list = [];
  };
}
