import type { Schema } from '$lib/api/client';
import { has, t } from '$lib/i18n';

type Account = Schema<'Account'>;

/** troubleOf is the first side of an account that waits for a person. */
export function troubleOf(account: Account): { side: 'incoming' | 'outgoing'; health: Schema<'Health'> } | undefined {
  for (const side of ['incoming', 'outgoing'] as const) {
    const at = account[side];
    if (at?.enabled && at.health.state === 'trouble') return { side, health: at.health };
  }
  return undefined;
}

export const inTrouble = (account: Account) => troubleOf(account) !== undefined;

/** healthText is the last error of a side in the reader's language, or in the service's own words. */
export function healthText(health: Schema<'Health'>): string {
  const key = `errors.${health.code}.cause`;
  return health.code && has(key) ? t(key) : (health.text ?? '');
}
