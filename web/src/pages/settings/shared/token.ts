import { api, call, type Schema } from '$lib/api/client';
import { t } from '$lib/i18n';
import { isGone, removeLater } from './undo.svelte';

export type Scope = Schema<'NewToken'>['scopes'][number];

export const scopes: Scope[] = ['mail:read', 'mail:send', 'accounts', 'admin'];

/** The words of a scope in the catalogue: "mail:read" is under "mail_read". */
export const scopeKey = (scope: string): string => scope.replace(':', '_');

export const expiries = ['30', '90', '365', 'never', 'date'] as const;
export type Expiry = (typeof expiries)[number];

/** expiryOf is when a token ends that is made now; a day that was chosen counts in full. */
export function expiryOf(choice: Expiry, day: string, now = new Date()): string | undefined {
  if (choice === 'never') return undefined;
  if (choice !== 'date') return new Date(now.getTime() + Number(choice) * 86_400_000).toISOString();
  const end = new Date(`${day}T23:59:59`);
  return Number.isNaN(end.getTime()) ? undefined : end.toISOString();
}

export const isExpired = (token: Schema<'Token'>, now = new Date()): boolean =>
  token.expires_at !== undefined && new Date(token.expires_at) <= now;

/** revoke ends a token once the time to undo is over: one's own, or that of the user. */
export function revoke(token: Schema<'Token'>, done: () => Promise<unknown> | void, user?: number): void {
  const params = { path: { id: token.id }, query: { user } };
  removeLater({
    key: `token:${token.id}`,
    text: t('settings.tokens.revoked', { name: token.name }),
    run: (init) => call(api.DELETE('/tokens/{id}', { params, ...init })),
    done,
  });
}

/** isRevoked tells that a token was revoked on the page. */
export const isRevoked = (token: Schema<'Token'>): boolean => isGone(`token:${token.id}`);
