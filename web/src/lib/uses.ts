import { t } from '$lib/i18n';
import { session } from '$lib/session.svelte';
import type { Schema } from '$lib/api/client';

export type Use = Schema<'Use'>;

/** useWord names what uses a thing; a kind that this page does not know goes by its name. */
export function useWord(use: Use): string {
  const name = use.name ?? '';
  switch (use.kind) {
    case 'user':
    case 'profile':
    case 'template':
    case 'account':
    case 'domain':
      return t(`settings.use.${use.kind}`, { name });
    case 'system':
      return t('settings.use.system');
    case 'outgoing':
      return name ? t('settings.use.mail', { name }) : t('settings.use.mail_hidden');
    default:
      return name || use.kind;
  }
}

/** useLink leads to what uses a thing, an account where one is named; undefined where this person may not go. */
export function useLink(use: Use, account?: number): string | undefined {
  if (use.kind === 'outgoing') return use.name ? `/outbox/${use.id}` : undefined;
  if (!session.admin) return undefined;
  switch (use.kind) {
    case 'user':
      return `/admin/users/${use.id}`;
    case 'profile':
      return '/admin/profiles';
    case 'system':
      return account ? `/admin/accounts/${account}` : undefined;
    case 'template':
      return `/admin/templates/${use.id}`;
    case 'account':
      return `/admin/accounts/${use.id}`;
    case 'domain':
      return `/admin/domains?q=${encodeURIComponent(use.id ?? '')}`;
    default:
      return undefined;
  }
}
