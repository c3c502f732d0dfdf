import type { Schema } from '$lib/api/client';
import { errorText } from '$lib/api/problem';
import { has, t } from '$lib/i18n';

/** refused finds the field that each failed side of a test is about, with the sentence for it. */
export function refused(report: Schema<'TestResult'>, ownOutgoing: boolean): Record<string, string> {
  const out: Record<string, string> = {};
  for (const side of [report.incoming, report.outgoing]) {
    const failed = side?.stages.find((stage) => !stage.ok);
    if (!side || side.ok || !failed) continue;
    const secret = side.side === 'outgoing' && ownOutgoing ? 'outgoing_password' : 'password';
    const field = failed.kind === 'credentials' ? secret : `${side.side}.host`;
    out[field] ??= causeText(failed.code, failed.cause);
  }
  return out;
}

/** causeText says what happened in the reader's language, or in the service's words where no catalogue has them. */
export function causeText(code: string | undefined, words: string | undefined): string {
  const key = `errors.${code}.cause`;
  if (code && has(key)) return t(key);
  return words || errorText(undefined);
}
