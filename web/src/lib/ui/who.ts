import { ApiError } from '$lib/api/problem';
import { has, t } from '$lib/i18n';
import { session } from '$lib/session.svelte';

/** whoText is who must act, by the word of the service: user, admin, provider, mailstead. Administrators are told that it is them. */
export function whoText(who: string | undefined): string {
  if ((who === 'admin' || who === 'mailstead') && session.admin) return t(`ui.who.${who}.self`);
  return who && has(`ui.who.${who}`) ? t(`ui.who.${who}`) : '';
}

/** whoActs says who must act on a failure; "" when the one who reads it must, as with a field filled in wrongly. */
export function whoActs(error: unknown): string {
  if (!(error instanceof ApiError)) return whoText('mailstead');
  const own = `errors.${error.code}.who`;
  if (has(own)) return whoText(t(own));
  if (error.status === 403) return whoText('admin');
  if (error.status === 502) return whoText('provider');
  if (error.status >= 500) return whoText('mailstead');
  return '';
}
