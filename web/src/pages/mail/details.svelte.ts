import { SvelteMap } from 'svelte/reactivity';
import { api, call, type Schema } from '$lib/api/client';
import type { Marks } from './marks';

export type Detail = Schema<'MessageDetail'>;

/** How many opened messages are kept for a quick way back. */
const most = 60;

/** DetailStore holds whole messages: those that were opened, and those that probably will be. */
export class DetailStore {
  #here = new SvelteMap<number, Detail>();
  #errors = new SvelteMap<number, unknown>();
  #running = new Map<number, Promise<void>>();

  get(id: number): Detail | undefined {
    return this.#here.get(id);
  }

  error(id: number): unknown {
    return this.#errors.get(id);
  }

  /** want loads a message unless it is here or on its way. */
  want(id: number): Promise<void> {
    if (!id || this.#here.has(id)) return Promise.resolve();
    let running = this.#running.get(id);
    if (!running) {
      running = this.#load(id).finally(() => this.#running.delete(id));
      this.#running.set(id, running);
    }
    return running;
  }

  /** retry tries those again that failed. */
  retry(): void {
    for (const id of [...this.#errors.keys()]) void this.want(id);
  }

  patch(ids: number[], marks: Marks): void {
    for (const id of ids) {
      const detail = this.#here.get(id);
      if (detail) this.#here.set(id, { ...detail, flags: { ...detail.flags, ...marks } });
    }
  }

  async #load(id: number): Promise<void> {
    this.#errors.delete(id);
    try {
      const detail = await call(api.GET('/messages/{id}', { params: { path: { id } } }));
      this.#here.set(id, detail);
      for (const old of this.#here.keys()) {
        if (this.#here.size <= most) break;
        this.#here.delete(old);
      }
    } catch (e) {
      this.#errors.set(id, e);
    }
  }
}
