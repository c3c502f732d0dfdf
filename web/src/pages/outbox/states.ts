import { accounts } from '$lib/accounts.svelte';
import type { Schema } from '$lib/api/client';
import { has, t } from '$lib/i18n';
import type { Tone } from '$lib/ui';

export type Outgoing = Schema<'OutgoingMessage'>;
export type State = Outgoing['state'];

/** Every state that a mail in the outbox can have. */
export const states: State[] = ['queued', 'held', 'sending', 'accepted', 'unknown', 'rejected', 'cancelled'];

/** The states that wait for a person. */
export const attention: State[] = ['held', 'unknown', 'rejected'];

const tones: Record<State, Tone> = {
  queued: 'info',
  held: 'warn',
  sending: 'info',
  accepted: 'ok',
  unknown: 'warn',
  rejected: 'danger',
  cancelled: 'neutral',
};

/** refused counts the recipients who did not get a mail that others got. */
export const refused = (m: Outgoing) => m.recipients.filter((r) => r.state === 'rejected').length;

/** open counts the recipients who have not got it, as far as anybody knows. */
export const open = (m: Outgoing) => m.recipients.filter((r) => r.state !== 'accepted').length;

/** putOff tells that a mail waits for its next attempt. */
export const putOff = (m: Outgoing) => m.state === 'queued' && m.attempts > 0;

/** pause is why a mail that was not tried yet waits all the same: its account pauses after a failure. */
export function pause(m: Outgoing): Schema<'Health'> | undefined {
  const health = accounts.byId(m.account_id)?.outgoing?.health;
  return m.state === 'queued' && m.attempts === 0 && health?.state === 'retrying' ? health : undefined;
}

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

/** How a single attempt, or one recipient, ended: there "queued" means that it was put off. */
export const fateTone = (state: State): Tone => (state === 'queued' ? 'warn' : tones[state]);
export const fateWord = (state: State): string =>
  t(state === 'queued' ? 'outbox.state.put_off' : `outbox.state.${state}`);

/** An attempt that the server took, but not for everybody, has a code. */
export const attemptTone = (a: Schema<'Attempt'>): Tone =>
  a.state === 'accepted' && a.code ? 'warn' : fateTone(a.state);
export const attemptWord = (a: Schema<'Attempt'>): string =>
  a.state === 'accepted' && a.code ? t('outbox.state.partly') : fateWord(a.state);

/** cause says in the reader's language why something failed; words is what the service says where no text is known. */
export function cause(code: string | undefined, words = ''): string {
  return code && has(`errors.${code}.cause`) ? t(`errors.${code}.cause`) : words;
}

/** action says what to do about it. */
export function action(code: string | undefined, words = ''): string {
  return code && has(`errors.${code}.action`) ? t(`errors.${code}.action`) : words;
}
