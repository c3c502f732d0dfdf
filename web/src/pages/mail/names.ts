import { person } from '$lib/format';
import { t } from '$lib/i18n';
import type { Message } from './marks';

/** who is the people that a row of a list names: who wrote, or in folders of own mail who it went to. */
export function who(row: Message, own: boolean): string {
  const people = (own ? row.to : row.from) ?? [];
  if (people.length === 0) return own ? t('mail.nobody') : t('mail.unknown_sender');
  const names = people.slice(0, 3).map(person).join(', ');
  return own ? t('mail.to_line', { names }) : names;
}

/** subjectOf is the subject, or what stands for it. */
export function subjectOf(row: Message): string {
  if (row.subject) return row.subject;
  return row.state === 'quarantined' ? t('mail.unreadable') : t('mail.no_subject');
}
