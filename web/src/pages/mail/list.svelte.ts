import { api, call } from '$lib/api/client';
import type { MarkStore, Marks, Message } from './marks';

export interface Query {
  account: number;
  /** 0: all folders. */
  folder: number;
  q: string;
  unread: boolean;
}

/** How many messages a request brings. */
const pageSize = 100;

/** A part of the list as it was asked for. Its cursor is a position: what arrives later does not move it. */
interface Part {
  cursor: string | undefined;
  ids: Set<number>;
}

interface Page {
  items: Message[];
  next?: string;
}

/** queryKey names a query. */
export function queryKey(q: Query): string {
  return `${q.account}/${q.folder}/${q.unread ? 'unread' : ''}/${q.q}`;
}

/** MessageList holds the messages of a folder or of a search as far as they were scrolled to, newest first. */
export class MessageList {
  readonly query: Query;
  /** Replaced whenever something in it changes. */
  rows = $state.raw<Message[]>([]);
  /** The first answer is here. */
  loaded = $state(false);
  /** There is nothing beyond the rows. */
  complete = $state(false);
  loading = $state(false);
  error = $state.raw<unknown>();
  /** How far it was scrolled when it was left, in pixels. */
  scroll = 0;
  /** Messages that came while the reader was here and that the reader has not scrolled to. */
  arrived = $state.raw<number[]>([]);

  #marks: MarkStore;
  #parts: Part[] = [];
  #next: string | undefined;
  #wanted = 0;
  #again = false;
  #index: Map<number, number> | undefined;
  #stop = new AbortController();

  constructor(query: Query, marks: MarkStore) {
    this.query = query;
    this.#marks = marks;
  }

  /** indexOf is the position of a message, -1 when it is not here. */
  indexOf(id: number): number {
    const rows = this.rows; // read first: callers follow it
    this.#index ??= new Map(rows.map((row, i) => [row.id, i]));
    return this.#index.get(id) ?? -1;
  }

  get(id: number): Message | undefined {
    return this.rows[this.indexOf(id)];
  }

  /** grow loads pages until the row of an index is here. A later call with another index replaces the wish. */
  async grow(index: number): Promise<void> {
    this.#wanted = index;
    if (this.loading || this.error) return;
    this.loading = true;
    try {
      while (!this.complete && (!this.loaded || this.rows.length <= this.#wanted)) {
        const cursor = this.#next;
        this.#take(cursor, await this.#fetch(cursor));
      }
    } catch (e) {
      if (!this.#stop.signal.aborted) this.error = e;
    }
    this.loading = false;
    if (!this.#again || !this.loaded) return;
    this.#again = false;
    await this.refresh();
  }

  /** retry goes on after an error. */
  async retry(): Promise<void> {
    this.error = undefined;
    await this.grow(this.#wanted);
  }

  /** refresh reads the newest page again. */
  async refresh(): Promise<void> {
    if (!this.loaded) {
      // What is on its way may be older than what is asked for.
      this.#again = this.loading;
      return this.retry();
    }
    const known = new Set(this.rows.map((row) => row.id));
    try {
      let page = await this.#fetch(undefined);
      if (known.size > 0 && page.next && !page.items.some((row) => known.has(row.id))) {
        // So much has changed that nothing fits together: begin anew.
        this.#put([]);
        this.#parts = [];
        this.#take(undefined, page);
        return;
      }
      this.#merge(page, true);
      if (this.complete && page.next === undefined) this.#next = undefined;
      else if (this.complete) {
        // What ended here may go on by now: older mail comes in while it is loaded.
        const part = this.#parts.at(-1)!;
        if (part.cursor) page = await this.#fetch(part.cursor);
        this.#merge(page, part.cursor === undefined);
        this.#next = page.next;
        this.complete = page.next === undefined;
      }
      this.error = undefined;
    } catch (e) {
      if (!this.#stop.signal.aborted) this.error = e;
    }
  }

  /** recall reads those of the messages again that are here. */
  async recall(ids: number[]): Promise<void> {
    const wanted = ids.filter((id) => this.indexOf(id) >= 0);
    if (wanted.length === 0) return;
    const left = new Set(wanted);
    const parts = this.#parts.filter((part) => wanted.some((id) => part.ids.has(id)));
    try {
      for (const part of parts) {
        const page = await this.#fetch(part.cursor);
        this.#merge(page, part.cursor === undefined);
        for (const row of page.items) left.delete(row.id);
      }
    } catch {
      // What is shown stays; the next event or visit brings it up to date.
    }
    if (this.query.unread || this.query.q) return;
    // More came in above than a page holds: the rest by itself.
    for (const id of [...left].slice(0, 20)) {
      const { data } = await api.GET('/messages/{id}', { params: { path: { id } } });
      if (data) this.patch([id], data.flags);
    }
  }

  patch(ids: number[], marks: Marks): void {
    const wanted = new Set(ids.filter((id) => this.indexOf(id) >= 0));
    if (wanted.size === 0) return;
    this.#put(this.rows.map((row) => (wanted.has(row.id) ? { ...row, flags: { ...row.flags, ...marks } } : row)));
  }

  drop(ids: number[]): void {
    if (!ids.some((id) => this.indexOf(id) >= 0)) return;
    const gone = new Set(ids);
    this.#put(this.rows.filter((row) => !gone.has(row.id)));
    this.arrived = this.arrived.filter((id) => !gone.has(id));
  }

  /** close ends what is under way. */
  close(): void {
    this.#stop.abort();
  }

  async #fetch(cursor: string | undefined): Promise<Page> {
    const { account, folder, q, unread } = this.query;
    return call(
      api.GET('/accounts/{id}/messages', {
        params: {
          path: { id: account },
          query: {
            limit: pageSize,
            cursor,
            folder: folder || undefined,
            q: q || undefined,
            unread: unread || undefined,
          },
        },
        signal: this.#stop.signal,
      }),
    );
  }

  #take(cursor: string | undefined, page: Page): void {
    this.#parts.push({ cursor, ids: new Set(page.items.map((row) => row.id)) });
    const last = this.rows.at(-1);
    const first = page.items[0];
    // A page that follows what is here needs no look at what is here.
    if (!last || !first || (this.#after(last, first) < 0 && !page.items.some((row) => this.indexOf(row.id) >= 0))) {
      page.items.forEach((row, i) => this.#index?.set(row.id, this.rows.length + i));
      this.rows = [...this.rows, ...page.items.map((row) => this.#marks.over(row))];
    } else this.#merge(page, cursor === undefined);
    this.#next = page.next;
    this.complete = page.next === undefined;
    this.loaded = true;
  }

  /** Newest first; a search comes in the order in which mail was stored. */
  #after(a: Message, b: Message): number {
    const byDate = this.query.q ? 0 : Date.parse(b.received_at) - Date.parse(a.received_at);
    return byDate || b.id - a.id;
  }

  /** merge sets the rows of a page into the list, and takes out what should stand between them and does not. */
  #merge(page: Page, first: boolean): void {
    const fresh = new Map(page.items.map((row) => [row.id, this.#marks.over(row)]));
    const top = page.items[0];
    const end = page.items.at(-1);
    const whole = !this.query.q && !this.query.unread && this.loaded;
    const inside = (row: Message) =>
      (first || (top !== undefined && this.#after(top, row) <= 0)) &&
      (page.next === undefined || (end !== undefined && this.#after(row, end) <= 0));

    const rows: Message[] = [];
    for (const row of this.rows) {
      const now = fresh.get(row.id);
      if (now) rows.push(now);
      else if (!whole || !inside(row)) rows.push(row);
      fresh.delete(row.id);
    }
    const added = [...fresh.values()];
    if (first && this.#parts[0]) for (const row of added) this.#parts[0].ids.add(row.id);
    const last = rows.at(-1);
    const appended = !last || (added[0] && this.#after(last, added[0]) < 0);
    rows.push(...added);
    if (!appended) rows.sort((a, b) => this.#after(a, b));
    this.#put(rows);
  }

  #put(rows: Message[]): void {
    this.#index = undefined;
    this.rows = rows;
  }
}
