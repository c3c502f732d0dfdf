import { api, call } from '$lib/api/client';
import { onEvent, onReturn, type LoadData } from '$lib/events.svelte';

/** How many of the newest messages come first. */
export const newest = 50;

/** How far the loading of a mailbox has come. */
export interface Loading {
  /** Messages of the inbox that are here, and how many will be; undefined until the server has told. */
  readonly loaded: number | undefined;
  readonly wanted: number | undefined;
  readonly done: boolean;
  /** The inbox; undefined until it is known. */
  readonly inbox: number | undefined;
}

/** followLoading tells how the inbox of an account fills. Call it while a component is made. */
export function followLoading(account: number): Loading {
  let loaded = $state<number>();
  let wanted = $state<number>();
  let done = $state(false);
  let folder = $state<number>();

  // What happened before anybody listened stands in the folders.
  async function look() {
    try {
      const { items } = await call(api.GET('/accounts/{id}/folders', { params: { path: { id: account } } }));
      const inbox = items.find((f) => f.role === 'inbox');
      folder ??= inbox?.id;
      if (!inbox?.synced_at) return;
      loaded = Math.max(loaded ?? 0, inbox.total);
      wanted ??= inbox.remote_total;
    } catch {
      // The next event tells.
    }
  }

  $effect(() => {
    const stops = [
      onEvent(['load.progress', 'load.done'], (e) => {
        const data = e.data as LoadData;
        if (e.account_id !== account || data.role !== 'inbox') return;
        folder = data.folder_id;
        loaded = data.loaded;
        wanted = data.wanted;
        done = e.type === 'load.done';
      }),
      onReturn(() => void look()),
    ];
    void look();
    return () => stops.forEach((stop) => stop());
  });

  return {
    get loaded() {
      return loaded;
    },
    get wanted() {
      return wanted;
    },
    get inbox() {
      return folder;
    },
    get done() {
      return done;
    },
  };
}
