import { SvelteSet } from 'svelte/reactivity';
import type { Message } from './marks';

/** Selection is the messages that one action is meant for. */
export class Selection {
  readonly ids = new SvelteSet<number>();
  /** The rows show their boxes though none is selected. */
  mode = $state(false);
  #anchor = 0;

  get size(): number {
    return this.ids.size;
  }

  /** Rows are being selected. */
  get active(): boolean {
    return this.mode || this.ids.size > 0;
  }

  has(id: number): boolean {
    return this.ids.has(id);
  }

  toggle(id: number): void {
    if (!this.ids.delete(id)) this.ids.add(id);
    this.#anchor = id;
  }

  /** reach selects from the message that was chosen last to this one, or takes them out when this one is in. */
  reach(rows: Message[], id: number, from = this.#anchor): void {
    const to = rows.findIndex((row) => row.id === id);
    const begin = rows.findIndex((row) => row.id === from);
    if (to < 0 || begin < 0) return this.toggle(id);
    const out = this.ids.has(id) && from === this.#anchor;
    for (const row of rows.slice(Math.min(begin, to), Math.max(begin, to) + 1))
      if (out) this.ids.delete(row.id);
      else this.ids.add(row.id);
    this.#anchor = id;
  }

  all(rows: Message[]): void {
    for (const row of rows) this.ids.add(row.id);
  }

  drop(ids: number[]): void {
    for (const id of ids) this.ids.delete(id);
  }

  clear(): void {
    this.ids.clear();
    this.mode = false;
    this.#anchor = 0;
  }
}
