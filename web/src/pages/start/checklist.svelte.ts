import { accounts } from '$lib/accounts.svelte';
import { api, call } from '$lib/api/client';
import { resource } from '$lib/load.svelte';
import { prefs } from '$lib/prefs.svelte';
import { session } from '$lib/session.svelte';

/**
 * hasSystemAccount reports whether the system has an account that sends where nobody has one. Who has that same account
 * for another reason, too, sees it under that reason: then its assignments tell.
 */
async function hasSystemAccount(signal: AbortSignal): Promise<boolean> {
  const r = await call(api.GET('/resolve', { signal }));
  const passedOver = r.passed_over ?? [];
  if (r.level === 'system' || passedOver.some((p) => p.level === 'system')) return true;
  const ids = new Set([r.account_id ?? 0, ...passedOver.map((p) => p.account_id ?? 0)]);
  for (const account of ids) {
    if (!account) continue;
    const { items } = await call(api.GET('/assignments', { params: { query: { account } }, signal }));
    if (items.some((a) => a.system)) return true;
  }
  return false;
}

/** checklist is what a new instance waits for, ticked from what is really there. Call it while a component is made. */
export function checklist() {
  const colleagues = resource(async (signal) => {
    if (!session.admin) return 0;
    const users = await call(api.GET('/users', { params: { query: { limit: 2 } }, signal }));
    return users.items.length - 1;
  });
  const system = resource(async (signal) => {
    if (!session.admin || !accounts.loaded) return false;
    return hasSystemAccount(signal);
  });

  return {
    /** Everything is known. */
    get ready() {
      return accounts.loaded && colleagues.data !== undefined && system.data !== undefined;
    },
    get error() {
      return accounts.error ?? colleagues.error ?? system.error;
    },
    get mailbox() {
      return accounts.list.length > 0;
    },
    get colleague() {
      return (colleagues.data ?? 0) > 0;
    },
    get system() {
      return system.data ?? false;
    },
    get signature() {
      return accounts.list.some((a) => a.signature);
    },
    get notices() {
      return prefs.notices && 'Notification' in window && Notification.permission === 'granted';
    },
    async reload() {
      await Promise.all([colleagues.reload(), system.reload()]);
    },
  };
}
