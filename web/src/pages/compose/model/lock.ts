/**
 * holdDraft makes a draft this tab's own, waiting as long as another tab of the browser has it. It returns how to let
 * it go, undefined when the wait was ended. Browsers have no locks for pages without https; there every tab is its own
 * master.
 */
export function holdDraft(id: string, end?: AbortSignal): Promise<(() => void) | undefined> {
  const locks = (navigator as { locks?: LockManager }).locks;
  if (!locks) return Promise.resolve(() => undefined);
  return new Promise((resolve) => {
    locks
      .request('mailstead.draft.' + id, { signal: end }, () => new Promise<void>((free) => resolve(() => free())))
      .catch(() => resolve(undefined));
  });
}
