import type { Schema } from '$lib/api/client';
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

export const accountDraft = (a: Schema<'Account'>): Draft<AccountFields> => draft(draftKey(a.id), fieldsOf(a));

/** changesOf is what to send of a form. */
export function changesOf(d: Draft<AccountFields>): Schema<'AccountChanges'> {
  const { period, number, ...texts } = d.changes;
  if (period === undefined && number === undefined) return texts;
  return { ...texts, load_period: formatPeriod({ kind: d.values.period, number: Number(d.values.number) }) };
}
