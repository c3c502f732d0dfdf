import { t } from '$lib/i18n';
import { session } from '$lib/session.svelte';
import type { Schema } from '$lib/api/client';

type Use = Schema<'AccountUse'>;

/** useWord names what uses an account; a kind that this page does not know goes by its name. */
export function useWord(use: Use): string {
  const name = use.name ?? '';
  switch (use.kind) {
    case 'user':
      return t('settings.use.user', { name });
    case 'profile':
      return t('settings.use.profile', { name });
    case 'system':
      return t('settings.use.system');
    case 'outgoing':
      return name ? t('settings.use.mail', { name }) : t('settings.use.mail_hidden');
    default:
      return name || use.kind;
  }
}

/** useLink leads to what uses an account, undefined where this person may not go. */
export function useLink(use: Use, account: number): string | undefined {
  if (use.kind === 'outgoing') return use.name ? `/outbox/${use.id}` : undefined;
  if (!session.admin) return undefined;
  if (use.kind === 'user') return `/admin/users/${use.id}`;
  if (use.kind === 'profile') return '/admin/profiles';
  if (use.kind === 'system') return `/admin/accounts/${account}`;
  return undefined;
}
