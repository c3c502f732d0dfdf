import { api, call, type Schema } from '$lib/api/client';

export type Message = Schema<'Message'>;

/** The marks that a reader sets. */
export interface Marks {
  seen?: boolean;
  flagged?: boolean;
}

/** What one request may name. */
const most = 200;

/** How long an event about a change of our own is waited for, in milliseconds. */
const patience = 15_000;

interface Expected {
  marks: Marks;
  until: number;
}

/**
 * MarkStore sets marks on the service and remembers which changes are on their way: an older answer must not take
 * back what the reader has just done, and an event about our own change tells nothing new.
 */
export class MarkStore {
  #pending = new Map<number, Marks>();
  #expected = new Map<number, Expected>();

  /** over is a row as the reader has marked it, whatever the service said meanwhile. */
  over<M extends Message>(row: M): M {
    const marks = this.#pending.get(row.id);
    return marks ? { ...row, flags: { ...row.flags, ...marks } } : row;
  }

  /** foreign are those of the ids of a change that we did not make. */
  foreign(ids: number[]): number[] {
    return ids.filter((id) => {
      const expected = this.#expected.get(id);
      this.#expected.delete(id);
      return !expected || expected.until < Date.now();
    });
  }

  /** set sends marks of messages, all of one account. */
  async set(ids: number[], marks: Marks): Promise<void> {
    const until = Date.now() + patience;
    for (const id of ids) {
      this.#pending.set(id, { ...this.#pending.get(id), ...marks });
      this.#expected.set(id, { marks, until });
    }
    try {
      for (let i = 0; i < ids.length; i += most) await send(ids.slice(i, i + most), marks);
    } catch (e) {
      for (const id of ids) this.#expected.delete(id);
      throw e;
    } finally {
      for (const id of ids) this.#settle(id, marks);
    }
  }

  #settle(id: number, marks: Marks): void {
    const left = { ...this.#pending.get(id) };
    for (const key of Object.keys(marks) as (keyof Marks)[]) if (left[key] === marks[key]) delete left[key];
    if (Object.keys(left).length) this.#pending.set(id, left);
    else this.#pending.delete(id);
  }
}

async function send(ids: number[], marks: Marks): Promise<void> {
  if (ids.length === 1) await call(api.PUT('/messages/{id}/flags', { params: { path: { id: ids[0]! } }, body: marks }));
  else await call(api.PUT('/messages/flags', { body: { ids, ...marks } }));
}
