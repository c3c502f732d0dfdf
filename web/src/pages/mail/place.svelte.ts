import { go, route } from '$lib/router.svelte';

/** Where in the mail the reader is; all of it stands in the address, so that it can be kept and sent. */
export interface Place {
  account: number;
  folder: number;
  message: number;
  /** What is searched for. */
  q: string;
  /** The search covers all folders of the account. */
  everywhere: boolean;
  /** Only messages that were not read. */
  unread: boolean;
}

const nowhere: Place = { account: 0, folder: 0, message: 0, q: '', everywhere: true, unread: false };

function number(text: string | undefined): number {
  const n = Number(text);
  return Number.isSafeInteger(n) && n > 0 ? n : 0;
}

let last = nowhere;

// While another page is on its way this one stays as it was.
const current = $derived.by(() => {
  if (route.name !== 'mail') return last;
  last = {
    account: number(route.params.account),
    folder: number(route.params.folder),
    message: number(route.params.message),
    q: route.query.get('q')?.trim() ?? '',
    everywhere: route.query.get('in') !== 'folder',
    unread: route.query.has('unread'),
  };
  return last;
});

/** place is where the reader is now. */
export const place = {
  get account() {
    return current.account;
  },
  get folder() {
    return current.folder;
  },
  get message() {
    return current.message;
  },
  get q() {
    return current.q;
  },
  get everywhere() {
    return current.everywhere;
  },
  get unread() {
    return current.unread;
  },
};

/** pathTo is the address of the place that differs from the present one by what is given. */
export function pathTo(change: Partial<Place>): string {
  const p = { ...current, ...change };
  let path = '/mail';
  for (const part of [p.account, p.folder, p.message]) {
    if (!part) break;
    path += `/${part}`;
  }
  const query = new URLSearchParams();
  if (p.q) query.set('q', p.q);
  if (p.q && !p.everywhere) query.set('in', 'folder');
  if (p.unread) query.set('unread', '');
  const search = query.toString().replace('unread=', 'unread');
  return search ? `${path}?${search}` : path;
}

/** pathToFolder is the address of a folder, without a search or a message. */
export function pathToFolder(account: number, folder: number): string {
  return pathTo({ ...nowhere, account, folder });
}

/** move goes to another place. */
export function move(change: Partial<Place>, options?: { replace?: boolean }): void {
  go(pathTo(change), options);
}
