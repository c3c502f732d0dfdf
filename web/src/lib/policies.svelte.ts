import { api, call, type Schema } from '$lib/api/client';

type Own = Schema<'OwnPolicies'>;

let own = $state.raw<Own>();

/** policies is what the rules of the administrators mean for the person; until they are here, nothing is hidden. */
export const policies = {
  get own(): Own | undefined {
    return own;
  },
  /** Names, folders and the like of accounts may be changed, and accounts connected and removed. */
  get details(): boolean {
    return !own || own.own_accounts === 'everything' || own.own_accounts === 'provider';
  },
  /** Servers may be typed and changed. */
  get servers(): boolean {
    return !own || own.typed_servers;
  },
  get password(): boolean {
    return !own || own.own_accounts !== 'nothing';
  },
  get copies(): boolean {
    return !own || own.copies;
  },
  /** The code of why no other account may be connected, "" when one may. */
  get refusal(): string {
    return own?.refusal ?? '';
  },
};

/** followPolicies asks for the rules while a component lives: rules may change under the person's hands. */
export function followPolicies(): void {
  $effect(() => {
    const asking = new AbortController();
    call(api.GET('/policies', { signal: asking.signal }))
      .then((p) => (own = p.own))
      // The service has the last word anyway.
      .catch(() => undefined);
    return () => asking.abort();
  });
}
