import { accounts } from '$lib/accounts.svelte';
import { api, call, type Schema } from '$lib/api/client';
import { onEvent, onReturn } from '$lib/events.svelte';

type Folder = Schema<'Folder'>;

let folders = $state.raw<Record<number, Folder[]>>({});

const inbox = (list: Folder[] = []) => list.find((f) => f.role === 'inbox');

/** unread counts what nobody has read in the inboxes. */
export const unread = {
  get total() {
    return Object.values(folders).reduce((sum, list) => sum + (inbox(list)?.unread ?? 0), 0);
  },
  of(account: number): number {
    return inbox(folders[account])?.unread ?? 0;
  },
  /** The folders of an account with their counters, undefined until they are here. */
  folders(account: number): Folder[] | undefined {
    return folders[account];
  },
};

/** refreshFolders reads the folders of an account anew. */
export async function refreshFolders(account: number): Promise<void> {
  try {
    const { items } = await call(api.GET('/accounts/{id}/folders', { params: { path: { id: account } } }));
    folders = { ...folders, [account]: items };
  } catch {
    // The pages that show folders tell of errors; a counter can wait for the next event.
  }
}

/** followFolders keeps the counters true until the returned function is called. Call it inside an effect. */
export function followFolders(): () => void {
  const timers = new Map<number, ReturnType<typeof setTimeout>>();
  const soon = (account: number | undefined) => {
    if (!account || timers.has(account)) return;
    // Loading tells of every few messages: one look in a while is enough.
    timers.set(
      account,
      setTimeout(() => {
        timers.delete(account);
        void refreshFolders(account);
      }, 250),
    );
  };
  const all = () => accounts.list.forEach((a) => a.incoming && soon(a.id));
  const stops = [
    onEvent(
      ['messages.new', 'messages.changed', 'messages.removed', 'load.progress', 'load.done', 'account.connected'],
      (e) => soon(e.account_id),
    ),
    onReturn(all),
  ];
  $effect(() => {
    const there = new Set(accounts.list.map((a) => a.id));
    for (const a of accounts.list) if (a.incoming && !folders[a.id]) soon(a.id);
    if (Object.keys(folders).some((id) => !there.has(Number(id))))
      folders = Object.fromEntries(Object.entries(folders).filter(([id]) => there.has(Number(id))));
  });
  return () => {
    timers.forEach(clearTimeout);
    stops.forEach((stop) => stop());
    folders = {};
  };
}
