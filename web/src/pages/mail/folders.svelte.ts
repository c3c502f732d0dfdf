import { SvelteMap } from 'svelte/reactivity';
import { api, call, type Schema } from '$lib/api/client';
import type { LoadData } from '$lib/events.svelte';
import { refreshFolders, unread } from '../../shell/unread.svelte';

export type Folder = Schema<'Folder'>;

/** How long the frame's own look at the folders may take before we ask why they are missing, in milliseconds. */
const patience = 1500;

/**
 * FolderShelf shows the folders that the frame keeps up to date, with what this page knows earlier: marks that are on
 * their way, and how far a first load is.
 */
export class FolderShelf {
  #errors = new SvelteMap<number, unknown>();
  #progress = new SvelteMap<number, LoadData>();
  #ahead = new SvelteMap<number, number>();
  #timers = new Map<number, ReturnType<typeof setTimeout>>();

  /** of are the folders of an account, undefined until they are here. */
  of(account: number): Folder[] | undefined {
    const list = unread.folders(account);
    if (!list || this.#ahead.size === 0) return list;
    return list.map((f) => {
      const ahead = this.#ahead.get(f.id) ?? 0;
      return ahead ? { ...f, unread: Math.min(f.total, Math.max(0, f.unread + ahead)) } : f;
    });
  }

  /** error is why there are no folders. */
  error(account: number): unknown {
    return unread.folders(account) ? undefined : this.#errors.get(account);
  }

  find(account: number, folder: number): Folder | undefined {
    return this.of(account)?.find((f) => f.id === folder);
  }

  inbox(account: number): Folder | undefined {
    const list = this.of(account);
    return list?.find((f) => f.role === 'inbox') ?? list?.[0];
  }

  /** want asks why the folders of an account are missing, when they stay so. */
  want(account: number): void {
    if (unread.folders(account) || this.#timers.has(account)) return;
    this.#timers.set(
      account,
      setTimeout(() => void this.load(account), patience),
    );
  }

  async load(account: number): Promise<void> {
    clearTimeout(this.#timers.get(account));
    this.#timers.delete(account);
    if (unread.folders(account)) return;
    this.#errors.delete(account);
    try {
      await call(api.GET('/accounts/{id}/folders', { params: { path: { id: account } } }));
      await refreshFolders(account);
    } catch (e) {
      this.#errors.set(account, e);
    }
  }

  /** progress is how far the first load of a folder is, undefined when it does not load. */
  progress(folder: number): LoadData | undefined {
    return this.#progress.get(folder);
  }

  setProgress(data: LoadData, done: boolean): void {
    if (done || data.loaded >= data.wanted) this.#progress.delete(data.folder_id);
    else this.#progress.set(data.folder_id, data);
  }

  /** ahead counts marks that are on their way to the service, by folder, until the returned function is called. */
  ahead(account: number, byFolder: Map<number, number>): () => Promise<void> {
    const add = (sign: 1 | -1) => {
      for (const [folder, n] of byFolder) {
        const sum = (this.#ahead.get(folder) ?? 0) + sign * n;
        if (sum) this.#ahead.set(folder, sum);
        else this.#ahead.delete(folder);
      }
    };
    add(1);
    return async () => {
      await refreshFolders(account);
      add(-1);
    };
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }
}
