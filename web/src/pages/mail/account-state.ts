import type { Schema } from '$lib/api/client';
import { ago } from '$lib/format';
import { t } from '$lib/i18n';
import type { Tone } from '$lib/ui';

/** How an account's receiving stands: a colour, a word, and when that was so. */
export interface AccountState {
  tone: Tone;
  word: string;
  time?: string;
}

const tones = { new: 'neutral', ok: 'ok', retrying: 'warn', trouble: 'danger' } as const;

/** accountState tells how mail comes in. */
export function accountState(account: Schema<'Account'>): AccountState {
  const side = account.incoming;
  if (!side) return { tone: 'neutral', word: t('mail.state.send_only') };
  if (!side.enabled) return { tone: 'neutral', word: t('mail.state.off') };
  const { state } = side.health;
  return { tone: tones[state], word: t(`mail.state.${state}`), time: side.health.checked_at };
}

/** stateText is the state in one line: "Connected · checked 2 min ago". */
export function stateText({ word, time }: AccountState): string {
  return time ? `${word} · ${t('mail.state.checked', { time: ago(time) })}` : word;
}
