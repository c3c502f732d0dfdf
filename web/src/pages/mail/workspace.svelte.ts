import { createContext } from 'svelte';
import { accounts } from '$lib/accounts.svelte';
import { api, call } from '$lib/api/client';
import { errorText } from '$lib/api/problem';
import { onEvent, onReturn, type Event, type LoadData, type MessagesData } from '$lib/events.svelte';
import { t } from '$lib/i18n';
import { session } from '$lib/session.svelte';
import { toast } from '$lib/ui';
import { DetailStore } from './details.svelte';
import { FolderShelf } from './folders.svelte';
import { keep, kept } from './keep';
import { MessageList, queryKey, type Query } from './list.svelte';
import { MarkStore, type Marks, type Message } from './marks';
import { move, place } from './place.svelte';
import { Selection } from './selection.svelte';

/** How many lists are kept for a quick way back. */
const most = 6;

/** foldersOf sums what rows change, by their folders. */
const foldersOf = (rows: Message[], change: (row: Message) => number) => {
  const out = new Map<number, number>();
  for (const row of rows) out.set(row.folder_id, (out.get(row.folder_id) ?? 0) + change(row));
  return out;
};

/** Workspace is what the panes share: where the reader is, and what of the mail is here. */
export class Workspace {
  readonly folders = new FolderShelf();
  readonly details = new DetailStore();
  readonly selection = new Selection();
  /** The message that keys act on in the list; 0 for none. */
  cursor = $state(0);
  /** The list that is shown. */
  list = $state.raw<MessageList>();
  /** Messages that are gone from the service and still shown. */
  gone = $state.raw<ReadonlySet<number>>(new Set());
  #marks = new MarkStore();
  #lists = new Map<string, MessageList>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** follow keeps all of it up to date until the returned function is called. */
  follow(): () => void {
    const stops = [
      onEvent(['messages.new', 'messages.changed', 'messages.removed', 'load.progress', 'load.done'], (e) =>
        this.#take(e),
      ),
      onReturn(() => {
        void this.list?.refresh();
        this.details.retry();
      }),
    ];
    return () => {
      stops.forEach((stop) => stop());
      clearTimeout(this.#timer);
      this.folders.close();
      for (const list of this.#lists.values()) list.close();
    };
  }

  /** home is the account and folder to begin with: those of the last visit, else the usual account's inbox. */
  home(account = 0): { account: number; folder: number } | undefined {
    const readable = accounts.list.filter((a) => a.incoming);
    const last = kept();
    const wanted = [account, last.account, session.user?.default_account_id];
    const id = (wanted.map((w) => readable.find((a) => a.id === w)).find(Boolean) ?? readable[0])?.id;
    if (!id) return undefined;
    const list = this.folders.of(id);
    if (!list) return undefined;
    const folder = (last.account === id && list.find((f) => f.id === last.folder)) || this.folders.inbox(id);
    return folder && { account: id, folder: folder.id };
  }

  /** open shows the list of a query, from what is kept if it is. */
  open(query: Query): void {
    const key = queryKey(query);
    let list = this.#lists.get(key);
    if (list === this.list && list) return;
    if (list) void list.refresh();
    else list = new MessageList(query, this.#marks);
    this.#lists.delete(key);
    this.#lists.set(key, list);
    for (const [old, other] of this.#lists) {
      if (this.#lists.size <= most) break;
      this.#forget(old, other);
    }
    this.list = list;
    this.cursor = 0;
    this.selection.clear();
    if (!query.q) keep({ account: query.account, folder: query.folder });
  }

  /** row is what the list knows of a message, else what was opened of it. */
  row(id: number): Message | undefined {
    return this.list?.get(id) ?? this.details.get(id);
  }

  /** mark sets marks at once and takes them back if the service refuses. */
  async mark(ids: number[], marks: Marks, { undo = false } = {}): Promise<void> {
    const rows = ids.map((id) => this.row(id)).filter((row) => row !== undefined);
    const key = Object.keys(marks)[0] as keyof Marks;
    const changed = rows.filter((row) => (row.flags[key] ?? false) !== marks[key]);
    if (changed.length === 0) return;
    const which = changed.map((row) => row.id);
    const before: Marks = { [key]: !marks[key] };
    this.#patch(which, marks);
    const account = changed[0]!.account_id;
    const step = marks.seen === undefined ? 0 : marks.seen ? -1 : 1;
    const settled = step
      ? this.folders.ahead(
          account,
          foldersOf(changed, () => step),
        )
      : undefined;
    let leave: (() => void) | undefined;
    if (undo)
      leave = toast({
        text: t(`mail.marked.${key}.${marks[key] ? 'on' : 'off'}`, { count: which.length }),
        action: { label: t('mail.undo'), run: () => void this.mark(which, before) },
      });
    try {
      await this.#marks.set(which, marks);
    } catch (e) {
      leave?.();
      this.#patch(which, before);
      toast({ text: `${t('mail.mark_failed')} ${errorText(e)}`, tone: 'danger' });
    }
    void settled?.();
  }

  #patch(ids: number[], marks: Marks): void {
    for (const list of this.#lists.values()) list.patch(ids, marks);
    this.details.patch(ids, marks);
  }

  /** step is the message n places further down the list, as far as it is loaded. */
  step(from: number, n: 1 | -1): Message | undefined {
    const { list } = this;
    if (!list) return undefined;
    const at = list.indexOf(from);
    if (at < 0) return n > 0 ? list.rows[0] : undefined;
    if (n > 0 && at + 2 >= list.rows.length && !list.complete) queueMicrotask(() => void list.grow(at + 50));
    return list.rows[at + n];
  }

  /** sync asks the mail server for news now, and waits until it was asked, for a while. */
  async sync(account: number, folder: number): Promise<void> {
    const before = this.folders.find(account, folder)?.synced_at;
    try {
      await call(api.POST('/accounts/{id}/sync', { params: { path: { id: account } } }));
      for (const pause of [400, 800, 1600, 3200]) {
        await new Promise((done) => setTimeout(done, pause));
        const { items } = await call(api.GET('/accounts/{id}/folders', { params: { path: { id: account } } }));
        if (items.find((f) => f.id === folder)?.synced_at !== before) break;
      }
      await this.list?.refresh();
    } catch (e) {
      toast({ text: errorText(e), tone: 'danger' });
    }
  }

  #take(e: Event): void {
    if (e.type === 'load.progress' || e.type === 'load.done') {
      const data = e.data as LoadData;
      this.folders.setProgress(data, e.type === 'load.done');
      for (const list of this.#lists.values()) if (touches(list.query, e, data.folder_id)) this.#soon(list);
      return;
    }
    const { folder_id, message_ids } = e.data as MessagesData;
    const foreign = e.type === 'messages.changed' ? this.#marks.foreign(message_ids) : message_ids;
    if (foreign.length === 0) return;
    for (const [key, list] of this.#lists) {
      if (!touches(list.query, e, folder_id)) continue;
      if (e.type === 'messages.removed') list.drop(foreign);
      else if (list !== this.list) this.#forget(key, list);
      else if (e.type === 'messages.new') void this.#arrive(list, foreign);
      else void this.#recall(list, foreign);
    }
    if (e.type !== 'messages.removed') return;
    this.selection.drop(message_ids);
    if (message_ids.includes(place.message)) this.gone = new Set([...this.gone, place.message]);
  }

  async #arrive(list: MessageList, ids: number[]): Promise<void> {
    const unknown = ids.filter((id) => list.indexOf(id) < 0);
    await list.refresh();
    const news = unknown.filter((id) => list.indexOf(id) >= 0);
    if (news.length) list.arrived = [...list.arrived, ...news];
  }

  async #recall(list: MessageList, ids: number[]): Promise<void> {
    await list.recall(ids);
    for (const id of ids) {
      const row = list.get(id);
      if (row) this.details.patch([id], row.flags);
    }
  }

  #forget(key: string, list: MessageList): void {
    list.close();
    this.#lists.delete(key);
  }

  /** counted compares a folder's counter with its list: what came before the stream of events was open is not told. */
  counted(folder: number, total: number): void {
    const { list } = this;
    if (!list?.loaded || list.query.folder !== folder || list.query.q || list.query.unread) return;
    if (!list.complete || list.rows.length !== total) this.#soon(list);
  }

  /** A first load tells of every batch: one look in a while is enough. */
  #soon(list: MessageList): void {
    if (list !== this.list || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.list?.refresh();
    }, 250);
  }

  /** leave goes back to the list. */
  leave(): void {
    if (place.message) move({ message: 0 });
  }
}

function touches(query: Query, e: Event, folder: number): boolean {
  return query.account === e.account_id && (query.folder === 0 || query.folder === folder);
}

export const [workspace, setWorkspace] = createContext<Workspace>();
