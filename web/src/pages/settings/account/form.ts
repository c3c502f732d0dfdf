import type { Schema } from '$lib/api/client';
import { t } from '$lib/i18n';
import { draft, type Draft } from '../shared/draft.svelte';
import { formatPeriod, parsePeriod, type LoadPeriod } from '../shared/load-period';

/** The fields of an account that need no test. */
export type AccountFields = {
  name: string;
  display_name: string;
  note: string;
  signature: string;
  period: LoadPeriod['kind'];
  number: string;
};

export const draftKey = (id: number): string => `account:${id}`;

export function fieldsOf(a: Schema<'Account'>): AccountFields {
  const { kind, number } = parsePeriod(a.load_period);
  return {
    name: a.name,
    display_name: a.display_name ?? '',
    note: a.note ?? '',
    signature: a.signature ?? '',
    period: kind,
    number: number ? String(number) : '',
  };
}

/** labelOf is the label of a field, showField its value as people read it. */
export const labelOf = (key: keyof AccountFields): string =>
  ({
    name: t('settings.account.name'),
    display_name: t('settings.account.display_name'),
    note: t('settings.account.note'),
    signature: t('settings.account.signature'),
    period: t('settings.period'),
    number: t('settings.period.amount'),
  })[key];
export const showField = (key: keyof AccountFields, value: string): string =>
  key === 'period' ? t(`settings.period.${value}`) : value;

export const accountDraft = (a: Schema<'Account'>): Draft<AccountFields> => draft(draftKey(a.id), fieldsOf(a));

/** changesOf is what to send of a form. */
export function changesOf(d: Draft<AccountFields>): Schema<'AccountChanges'> {
  const { period, number, ...texts } = d.changes;
  if (period === undefined && number === undefined) return texts;
  return { ...texts, load_period: formatPeriod({ kind: d.values.period, number: Number(d.values.number) }) };
}
