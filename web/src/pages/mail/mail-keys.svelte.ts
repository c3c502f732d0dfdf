import { untrack } from 'svelte';
import { t } from '$lib/i18n';
import { go } from '$lib/router.svelte';
import { register } from '../../shell/keys.svelte';
import { answer } from './actions';
import { linking } from './linking.svelte';
import type { Message } from './marks';
import { move, pathToFolder, place } from './place.svelte';
import type { Workspace } from './workspace.svelte';

/** focusRow gives the focus to a row of the list, where it is drawn. */
function focusRow(id: number): void {
  setTimeout(() => document.querySelector<HTMLElement>(`[data-message="${id}"]`)?.focus({ preventScroll: true }));
}

/** useMailKeys makes the keys of the workspace work for as long as the component lives that calls it. */
export function useMailKeys(ws: Workspace): void {
  const current = (): Message | undefined => ws.row(place.message || ws.cursor);
  const targets = () => (ws.selection.size ? [...ws.selection.ids] : [current()?.id ?? 0].filter(Boolean));

  function step(n: 1 | -1): void | false {
    const next = ws.step(place.message || ws.cursor, n);
    if (!next) return ws.list?.rows.length ? undefined : false;
    ws.cursor = next.id;
    if (place.message) move({ message: next.id }, { replace: true });
    else focusRow(next.id);
  }
  function open(): void | false {
    const row = ws.row(ws.cursor);
    if (!row || place.message === row.id) return false;
    move({ message: row.id });
  }
  function leave(): void | false {
    if (!place.message) return false;
    const id = place.message;
    ws.leave();
    ws.cursor = id;
    focusRow(id);
  }
  function escape(): void | false {
    if (ws.selection.size) ws.selection.clear();
    else if (place.message) return leave();
    else if (place.q) move({ q: '' });
    else return false;
  }
  function mark(seen: boolean): void | false {
    if (targets().length === 0) return false;
    void ws.mark(targets(), { seen }, { undo: ws.selection.size > 0 });
  }
  function star(): void | false {
    const rows = targets().map((id) => ws.row(id));
    if (rows.length === 0) return false;
    void ws.mark(targets(), { flagged: rows.some((row) => !row?.flags.flagged) }, { undo: ws.selection.size > 0 });
  }
  function select(): void | false {
    const row = current();
    if (!row) return false;
    ws.selection.toggle(row.id);
  }
  function reply(kind: 'reply' | 'reply_all' | 'forward'): void | false {
    const row = current();
    if (!row || row.state) return false;
    answer(kind, row);
  }
  function link(): void | false {
    const row = ws.row(place.message);
    if (!row || row.state === 'too_large') return false;
    linking.open(row.id);
  }
  function inbox(): void | false {
    const folder = ws.folders.inbox(place.account);
    if (!folder) return false;
    go(pathToFolder(place.account, folder.id));
  }

  const keys: [string | string[], string, (e: KeyboardEvent) => void | false][] = [
    [['j', 'ArrowDown'], 'mail.key.next', () => step(1)],
    [['k', 'ArrowUp'], 'mail.key.previous', () => step(-1)],
    [['o', 'Enter'], 'mail.key.open', (e) => (e.key === 'Enter' && e.target !== document.body ? false : open())],
    ['u', 'mail.key.back', leave],
    ['x', 'mail.key.select', select],
    ['s', 'mail.key.star', star],
    ['Shift+i', 'mail.key.read', () => mark(true)],
    ['Shift+u', 'mail.key.unread', () => mark(false)],
    ['r', 'mail.key.reply', () => reply('reply')],
    ['a', 'mail.key.reply_all', () => reply('reply_all')],
    ['f', 'mail.key.forward', () => reply('forward')],
    ['l', 'records.link', link],
    ['g i', 'mail.key.inbox', inbox],
    ['Escape', 'mail.key.escape', escape],
  ];
  $effect(() => {
    const group = () => t('mail.key.group');
    const stops = untrack(() => keys.map(([key, text, run]) => register(key, () => t(text), run, { group })));
    return () => stops.forEach((stop) => stop());
  });
}
