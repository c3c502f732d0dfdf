import { untrack } from 'svelte';
import { api, call, type Schema } from '$lib/api/client';
import { t } from '$lib/i18n';

type Account = Schema<'AccountItem'>;

/** How many accounts the service names at once. */
const limit = 100;

/** accountLabel is what an account is called in a list to choose from. */
export const accountLabel = (a: { name: string; address: string }): string =>
  a.name && a.name !== a.address ? `${a.name} (${a.address})` : a.address;

/** AccountNames knows accounts by their ids. */
export interface AccountNames {
  /** get is undefined until the account has been read, and when it is gone. */
  get(id: number): Account | undefined;
  /** label names an account, at worst by its number. */
  label(id: number): string;
}

/** accountNames reads the accounts with these ids, each once, while the component lives that calls it. */
export function accountNames(ids: () => number[]): AccountNames {
  let known = $state.raw(new Map<number, Account>());
  const asked = new Set<number>();
  const gone = new AbortController();

  async function read(some: number[]) {
    const query = { all: true, id: some, limit };
    try {
      const page = await call(api.GET('/accounts', { params: { query }, signal: gone.signal }));
      known = new Map([...known, ...page.items.map((a) => [a.id, a] as const)]);
    } catch {
      // The numbers stay in their place; the next change asks again.
      some.forEach((id) => asked.delete(id));
    }
  }

  $effect(() => {
    const missing = [...new Set(ids())].filter((id) => id && !asked.has(id));
    untrack(() => {
      missing.forEach((id) => asked.add(id));
      for (let i = 0; i < missing.length; i += limit) void read(missing.slice(i, i + limit));
    });
  });
  $effect(() => () => gone.abort());

  return {
    get: (id) => known.get(id),
    label(id) {
      const a = known.get(id);
      return a ? accountLabel(a) : t('templates.account.number', { id: String(id) });
    },
  };
}
