import { t } from '$lib/i18n';

export type Freedom = '' | 'everything' | 'provider' | 'password' | 'nothing';

/** freedoms are what users may change of their accounts, from much to little. */
export function freedoms(): { value: Freedom; label: string; hint: string }[] {
  return (['everything', 'provider', 'password', 'nothing'] as const).map((value) => ({
    value,
    label: t(`policies.freedom.${value}`),
    hint: t(`policies.freedom.${value}.hint`),
  }));
}

/** A row of a bulk change as it was typed. */
export interface TypedRow {
  address: string;
  password: string;
}

/**
 * parseRows reads "address, password" line by line: the first comma, semicolon, tab or space parts them. A password
 * in double quotes is taken as CSV has it, a head line and empty lines are passed over.
 */
export function parseRows(text: string): TypedRow[] {
  const rows: TypedRow[] = [];
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) {
    const [, address = '', rest = ''] = /^\s*"?([^\s,;"]+)"?[\s,;]*(.*)$/.exec(line) ?? [];
    if (!address || (!address.includes('@') && rows.length === 0)) continue;
    const quoted = /^"((?:[^"]|"")*)"\s*$/.exec(rest);
    rows.push({ address, password: quoted ? quoted[1]!.replaceAll('""', '"') : rest.trimEnd() });
  }
  return rows;
}
