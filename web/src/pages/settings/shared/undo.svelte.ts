import { SvelteSet } from 'svelte/reactivity';
import { errorAction, errorText } from '$lib/api/problem';
import { t } from '$lib/i18n';
import { toast } from '$lib/ui';

const gone = new SvelteSet<string>();

/** isGone tells that a thing was removed on the page, though perhaps not yet at the service. */
export const isGone = (key: string): boolean => gone.has(key);

const failed = (e: unknown) =>
  void toast({ text: [errorText(e), errorAction(e)].filter(Boolean).join(' '), tone: 'danger' });

interface Removal {
  /** Names the thing for isGone. */
  key: string;
  /** What the notice says. */
  text: string;
  /** run removes the thing; init belongs into its request, so that it outlives the page. */
  run: (init: { keepalive: true }) => Promise<unknown>;
  /** done reads the list anew, after the removal or after it has failed. */
  done: () => Promise<unknown> | void;
}

/**
 * removeLater hides a thing at once and removes it when the time to undo is over. It is for what the service
 * cannot bring back.
 */
export function removeLater({ key, text, run, done }: Removal): void {
  gone.add(key);
  const remove = async () => {
    try {
      await run({ keepalive: true });
    } catch (e) {
      failed(e);
    }
    await done();
    gone.delete(key);
  };
  toast({ text, ondone: () => void remove(), action: { label: t('settings.undo'), run: () => gone.delete(key) } });
}

/** undoable tells what was done, with a way back that the service offers. */
export function undoable(text: string, reverse: () => Promise<unknown>): void {
  toast({ text, action: { label: t('settings.undo'), run: () => void reverse().catch(failed) } });
}

/** attempt does something on a click and tells in passing when it fails. It reports whether it went well. */
export async function attempt(fn: () => Promise<unknown>): Promise<boolean> {
  try {
    await fn();
    return true;
  } catch (e) {
    failed(e);
    return false;
  }
}
