// Drafts live in this browser's IndexedDB: the text in one store, the bytes of files in another, so that typing
// does not write megabytes.

import type { Kept } from './kept';

let opened: Promise<IDBDatabase> | undefined;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open('mailstead', 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore('drafts', { keyPath: 'id' });
      request.result.createObjectStore('files');
    };
    request.onsuccess = () => {
      // Another tab with a newer version must not wait for this one.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error!);
  });
  opened.catch(() => (opened = undefined));
  return opened;
}

async function run<T>(
  stores: string[],
  mode: IDBTransactionMode,
  work: (transaction: IDBTransaction) => IDBRequest<T> | void,
): Promise<T | undefined> {
  const transaction = (await database()).transaction(stores, mode);
  const request = work(transaction);
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error!);
  });
}

const marker = 'mailstead.drafts';

/** draftsAwait tells without opening the database whether this browser keeps drafts. */
export function draftsAwait(): boolean {
  try {
    return localStorage.getItem(marker) !== null;
  } catch {
    return true;
  }
}

function mark(any: boolean): void {
  try {
    if (any) localStorage.setItem(marker, '1');
    else localStorage.removeItem(marker);
  } catch {
    // Where nothing may be stored there is nothing to find either.
  }
}

export async function keepDraft(draft: Kept): Promise<void> {
  await run(['drafts'], 'readwrite', (t) => void t.objectStore('drafts').put(draft));
  mark(true);
}

export async function readDraft(id: string): Promise<Kept | undefined> {
  return run<Kept>(['drafts'], 'readonly', (t) => t.objectStore('drafts').get(id) as IDBRequest<Kept>);
}

export async function readDrafts(): Promise<Kept[]> {
  const all = await run<Kept[]>(['drafts'], 'readonly', (t) => t.objectStore('drafts').getAll() as IDBRequest<Kept[]>);
  mark((all?.length ?? 0) > 0);
  return all ?? [];
}

export async function keepFile(draft: string, file: string, content: Blob): Promise<void> {
  await run(['files'], 'readwrite', (t) => void t.objectStore('files').put(content, [draft, file]));
}

export async function readFile(draft: string, file: string): Promise<Blob | undefined> {
  return run<Blob>(['files'], 'readonly', (t) => t.objectStore('files').get([draft, file]) as IDBRequest<Blob>);
}

/** dropFile forgets one file of a draft. */
export async function dropFile(draft: string, file: string): Promise<void> {
  await run(['files'], 'readwrite', (t) => void t.objectStore('files').delete([draft, file]));
}

/** dropDraft forgets a draft and its files. */
export async function dropDraft(id: string): Promise<void> {
  await run(['drafts', 'files'], 'readwrite', (t) => {
    t.objectStore('drafts').delete(id);
    t.objectStore('files').delete(IDBKeyRange.bound([id], [id, []]));
  });
}
