import { base } from '$lib/base';
import { accounts } from '$lib/accounts.svelte';
import { api, call } from '$lib/api/client';
import { onEvent, type MessagesData } from '$lib/events.svelte';
import { person } from '$lib/format';
import { t } from '$lib/i18n';
import { prefs } from '$lib/prefs.svelte';
import { go, route } from '$lib/router.svelte';
import { refreshFolders, unread } from './unread.svelte';

/** The tab that holds this lock shows the notices; the others leave it to that one. */
const shower = 'mailstead.notices';
/** A tab that shows mail to somebody holds this one, and then there are no notices. */
const reader = 'mailstead.reading';
/** More messages than this at once are told of in one notice. */
const atOnce = 3;

const able = () => 'Notification' in window && 'locks' in navigator && Notification.permission === 'granted';

/** hold takes a lock until the returned function is called. */
function hold(name: string, mode: LockMode, then: () => void = () => {}): () => void {
  const asked = new AbortController();
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  navigator.locks
    .request(name, { mode, signal: asked.signal }, () => {
      then();
      return held;
    })
    .catch(() => {}); // Given up before it was our turn.
  return () => {
    asked.abort();
    release();
  };
}

async function someoneReads(): Promise<boolean> {
  const { held = [] } = await navigator.locks.query();
  return held.some((lock) => lock.name === reader);
}

function show(tag: string, title: string, body: string, path: string): void {
  const notice = new Notification(title, { body, tag, icon: base + '/icon.svg' });
  notice.onclick = () => {
    window.focus();
    notice.close();
    go(path);
  };
}

async function tell(account: number, { folder_id, message_ids }: MessagesData): Promise<void> {
  if (!prefs.notices || !able() || (await someoneReads())) return;
  if (!unread.folders(account)) await refreshFolders(account);
  if (unread.folders(account)?.find((f) => f.id === folder_id)?.role !== 'inbox') return;
  const place = `/mail/${account}/${folder_id}`;
  if (message_ids.length > atOnce) {
    const title = t('common.notice.many', { count: message_ids.length });
    return show(`mailstead.${account}`, title, accounts.byId(account)?.address ?? '', place);
  }
  for (const id of message_ids) {
    const mail = await call(api.GET('/messages/{id}', { params: { path: { id } } }));
    if (mail.flags.seen) continue;
    const author = person(mail.from?.[0]) || t('common.notice.nobody');
    show(`mailstead.message.${id}`, author, mail.subject || t('common.notice.no_subject'), `${place}/${id}`);
  }
}

/** followNotices shows a notice of the system for new mail, once for all tabs, unless somebody reads mail in one. Call it inside an effect. */
export function followNotices(): () => void {
  if (!('locks' in navigator)) return () => {};
  let mine = false;
  const stops = [
    hold(shower, 'exclusive', () => (mine = true)),
    onEvent(['messages.new'], (e) => {
      // A message that is gone before it was read needs no notice.
      if (mine && e.account_id) tell(e.account_id, e.data as MessagesData).catch(() => {});
    }),
  ];
  let visible = $state(document.visibilityState === 'visible');
  const look = () => (visible = document.visibilityState === 'visible');
  document.addEventListener('visibilitychange', look);
  $effect(() => {
    if (visible && route.name === 'mail') return hold(reader, 'shared');
  });
  return () => {
    stops.forEach((stop) => stop());
    document.removeEventListener('visibilitychange', look);
  };
}
