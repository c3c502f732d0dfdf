import type { Schema } from '$lib/api/client';
import { t } from '$lib/i18n';
import type { Tone } from '$lib/ui';

type Outgoing = Schema<'OutgoingMessage'>;
export type State = Outgoing['state'];

/** Every state that a mail in the outbox can have. */
export const states: State[] = ['queued', 'held', 'sending', 'accepted', 'unknown', 'rejected', 'cancelled'];

const tones: Record<State, Tone> = {
  queued: 'info',
  held: 'warn',
  sending: 'info',
  accepted: 'ok',
  unknown: 'warn',
  rejected: 'danger',
  cancelled: 'neutral',
};

/** refused are the recipients who did not get a mail that others got. */
export const refused = (m: Outgoing) => m.recipients.filter((r) => r.state === 'rejected').length;

/** putOff tells that a mail waits for its next attempt. */
export const putOff = (m: Outgoing) => m.state === 'queued' && m.attempts > 0;

/** stateTone is the tone of a mail's state. */
export function stateTone(m: Outgoing): Tone {
  if (m.state === 'accepted' && refused(m) > 0) return 'warn';
  return putOff(m) ? 'warn' : tones[m.state];
}

/** stateWord is a mail's state in a word or two. */
export function stateWord(m: Outgoing): string {
  if (m.state === 'accepted' && refused(m) > 0) return t('outbox.state.partly');
  return t(putOff(m) ? 'outbox.state.put_off' : `outbox.state.${m.state}`);
}

/** recipientTone is the tone of one recipient's fate. */
export const recipientTone = (state: State): Tone => tones[state];
