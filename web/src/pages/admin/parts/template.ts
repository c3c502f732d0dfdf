import type { Schema } from '$lib/api/client';
import { t } from '$lib/i18n';

export type Template = Schema<'Template'>;

/** The fields of a template as its form holds them. */
export type TemplateFields = {
  name: string;
  module: string;
  active: boolean;
  default: boolean;
  account_id: number;
  subject: string;
  text: string;
  note: string;
};

export const templateKey = (id: number): string => `template:${id}`;

export const fieldsOf = (tm?: Template, account = 0): TemplateFields => ({
  name: tm?.name ?? '',
  module: tm?.module ?? '',
  active: tm?.active ?? true,
  default: tm?.default ?? false,
  account_id: tm ? (tm.account_id ?? 0) : account,
  subject: tm?.subject ?? '',
  text: tm?.text ?? '',
  note: tm?.note ?? '',
});

/** labelOf is the label of a field. */
export const labelOf = (key: keyof TemplateFields): string => t(`templates.field.${key}`);

/** showField is a field's value as people read it. account names one by its id. */
export function showField(key: keyof TemplateFields, value: unknown, account: (id: number) => string): string {
  if (typeof value === 'boolean') return t(value ? 'templates.yes' : 'templates.no');
  return key === 'account_id' ? account(value as number) : String(value);
}
