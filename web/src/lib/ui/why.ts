import type { Schema } from '$lib/api/client';
import { list } from '$lib/format';
import { t } from '$lib/i18n';

/** whySentence says which account sends and why. Without a person's name the reader is the one who sends. */
export function whySentence(r: Schema<'Resolution'>, user = ''): string {
  if (r.purpose === 'report' || r.purpose === 'alert') return `${r.address ?? ''}: ${t(`ui.why.for.${r.purpose}`)}`;
  const whose = user && (r.level === 'user' || r.level === 'profile') ? '.of' : '';
  return t(`ui.why.${r.level}${whose}`, {
    address: r.address ?? '',
    profile: r.profile ?? '',
    template: r.template ?? '',
    user,
  });
}

/** passReason says why an account does not send. */
export function passReason(p: Schema<'PassedOver'>, winner: Schema<'Resolution'>): string {
  if (p.why !== 'outranked') return t(`ui.why.passed.${p.why}`);
  if (p.level === winner.level) return t('ui.why.passed.priority', { priority: String(p.priority) });
  return t(`ui.why.passed.after.${winner.level}`);
}

/** changes says what would make an account the sender, "" where nothing is needed. */
export function changes(p: Schema<'PassedOver'>): string {
  const all = (p.change ?? []).map((change) =>
    change === 'lower_priority'
      ? t('ui.why.change.lower_priority', { below: String(p.below ?? 0) })
      : t(`ui.why.change.${change}`),
  );
  return all.length ? `${t('ui.why.change')} ${list(all)}` : '';
}

/** reach says how an account came to be considered. */
export function reach(p: Schema<'PassedOver'>): string {
  return t(`ui.why.reach.${p.level}`, { profile: p.profile ?? '' });
}
