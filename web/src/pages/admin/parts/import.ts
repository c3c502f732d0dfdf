import type { Schema } from '$lib/api/client';
import { csv } from '$lib/csv';
import { has, t } from '$lib/i18n';
import type { Tone } from '$lib/ui';

export type Report = Schema<'ImportReport'>;
export type Item = Schema<'ImportItem'>;
type Finding = Schema<'ImportFinding'>;

export const tones: Record<Item['outcome'], Tone> = {
  new: 'ok',
  needs_password: 'warn',
  exists: 'neutral',
  owner_unknown: 'danger',
  invalid: 'danger',
};

/** What becomes of an entry: what will be, or what was done. */
export const outcome = (report: Report, item: Item) =>
  item.outcome === 'new' || item.outcome === 'needs_password'
    ? t(`admin.import.${report.dry_run ? 'would' : 'did'}.${item.outcome}`)
    : t(`admin.import.outcome.${item.outcome}`);

/** said is a finding in the reader's language. */
export function said(f: Finding): string {
  const key = `errors.${f.code}.cause`;
  return has(key) ? t(key) : f.text;
}

/** base64 writes a file as the service takes it. */
export async function base64(file: Blob): Promise<string> {
  const url = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error ?? new Error('unreadable'));
    reader.readAsDataURL(file);
  });
  return url.slice(url.indexOf(',') + 1);
}

/** table writes a report as CSV. */
export function table(report: Report): string {
  const server = (s: Item['incoming']) =>
    s ? `${s.server.host}:${s.server.port}:${s.server.security}${s.login ? ` ${s.login}` : ''}` : '';
  const rows = report.items.map((i) => [
    String(i.line),
    i.outcome,
    i.account_id ? String(i.account_id) : '',
    i.address ?? '',
    i.name ?? '',
    i.owner ?? '',
    i.profile ?? '',
    server(i.incoming),
    server(i.outgoing),
    i.findings.map((f) => `${f.line}: ${said(f)}${f.detail ? ` (${f.detail})` : ''} [${f.code}]`).join('\n'),
  ]);
  return csv('line outcome account_id address name owner profile incoming outgoing findings'.split(' '), rows);
}
