import { api, call, everyPage, type Schema } from '$lib/api/client';
import { csv } from '$lib/csv';
import { has, t } from '$lib/i18n';
import type { Tone } from '$lib/ui';

export type Checkup = Schema<'Checkup'>;
export type Result = Schema<'CheckupResult'>;
export type Verdict = Result['verdict'];

export const tones: Record<Verdict, Tone> = { waiting: 'neutral', ok: 'ok', failed: 'danger', skipped: 'neutral' };

/** How many accounts have been tested. */
export const tested = (c: Checkup) => c.ok + c.failed + c.skipped;

/** stateTone is the tone of a checkup as a whole. */
export const stateTone = (c: Checkup): Tone =>
  c.failed ? 'danger' : c.state === 'running' ? 'info' : c.state === 'cancelled' ? 'neutral' : 'ok';

/** why says what failed, and what to do, in the reader's language. */
export function why(r: Result): { cause: string; action: string } {
  const said = (what: 'cause' | 'action') => {
    const key = `errors.${r.code}.${what}`;
    return has(key) ? t(key) : (r[what] ?? '');
  };
  return r.code ? { cause: said('cause'), action: said('action') } : { cause: '', action: '' };
}

export const fetchResults = (id: number, verdicts: Verdict[], limit: number, cursor?: string, signal?: AbortSignal) =>
  call(
    api.GET('/checkups/{id}/results', {
      params: { path: { id }, query: { verdict: verdicts, limit, cursor } },
      signal,
    }),
  );

/** table reads all results and writes them as CSV. */
export async function table(id: number): Promise<string> {
  const all = await everyPage((cursor) => fetchResults(id, [], 100, cursor));
  return csv(
    'account_id name address verdict side code cause action took_ms tested_at'.split(' '),
    all.map((r) => [
      String(r.account_id),
      r.name,
      r.address,
      r.verdict,
      r.side ?? '',
      r.code ?? '',
      why(r).cause,
      why(r).action,
      String(r.took_ms),
      r.tested_at ?? '',
    ]),
  );
}
