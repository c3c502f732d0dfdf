import type { Schema } from '$lib/api/client';
import { has, lang, t } from '$lib/i18n';
import { whoText } from './who';

type Side = Schema<'Report'>;
type Stage = Schema<'Stage'>;

/** stageName is a step of a connection test in the reader's words. */
export const stageName = (stage: Stage['stage']) => t(`ui.report.stage.${stage}`);

/**
 * stageText is what happened or what to do, in the reader's language. English has the service's own sentences, which
 * know the provider; other languages have one for each code.
 */
export function stageText(stage: Stage, what: 'cause' | 'action'): string {
  const key = `errors.${stage.code}.${what}`;
  return lang.current !== 'en' && stage.code && has(key) ? t(key) : (stage[what] ?? '');
}

/** serverText is a server as people write it: "IMAP · imap.example.com:993 · TLS". */
export function serverText(server: Schema<'Server'>): string {
  const host = server.host.includes(':') ? `[${server.host}]` : server.host;
  return [server.protocol.toUpperCase(), `${host}:${server.port}`, t(`ui.security.${server.security}`)].join(' · ');
}

/** took is the time that the stages needed together, in milliseconds. */
export const took = (side: Side) => side.stages.reduce((sum, s) => sum + s.ms, 0);

/** milliseconds as people read them: "86 ms", "1.4 s". */
export function duration(ms: number, language: string): string {
  const [value, unit] = ms < 1000 ? [ms, 'millisecond'] : [ms / 1000, 'second'];
  return value.toLocaleString(language, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 });
}

function sideText(side: Side): string[] {
  const lines = [`${t(`ui.report.${side.side}`)}: ${serverText(side.server)}`];
  for (const s of side.stages) {
    lines.push(`  ${s.ok ? '+' : '!'} ${stageName(s.stage)} ${s.ms} ms${s.ok ? '' : ` ${s.code ?? ''}`}`);
    if (s.ok) continue;
    for (const line of [stageText(s, 'cause'), stageText(s, 'action'), whoText(s.who)])
      if (line) lines.push(`    ${line}`);
    if (s.server) lines.push(`    ${t('ui.report.server_said')}: ${s.server}`);
  }
  return lines;
}

/** reportText is the whole report as text that can be sent to whoever must act. */
export function reportText(report: Schema<'TestResult'>): string {
  return [report.incoming, report.outgoing]
    .filter((side) => side !== undefined)
    .map((side) => sideText(side).join('\n'))
    .join('\n\n');
}
