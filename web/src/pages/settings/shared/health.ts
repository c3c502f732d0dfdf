import type { Schema } from '$lib/api/client';
import { has, t } from '$lib/i18n';

type Account = Schema<'Account'>;
type Side = Schema<'Side'>;

export type SideName = 'incoming' | 'outgoing';
export const sides: SideName[] = ['incoming', 'outgoing'];

export type SideState = Side['health']['state'] | 'off';
export type Tone = 'neutral' | 'ok' | 'warn' | 'danger';

const tones: Record<SideState, Tone> = {
  trouble: 'danger',
  retrying: 'warn',
  ok: 'ok',
  new: 'neutral',
  off: 'neutral',
};
const ranks: Record<SideState, number> = { trouble: 0, retrying: 1, new: 2, ok: 3, off: 4 };

/** sideState is how a direction fares; one that is switched off cannot be in trouble. */
export const sideState = (side: Side): SideState => (side.enabled ? side.health.state : 'off');

export const toneOf = (state: SideState): Tone => tones[state];

/** stateWord is the state in a word or two. */
export const stateWord = (state: SideState): string => t(`settings.state.${state}`);

/** accountState is the worse of both sides. */
export function accountState(account: Account): SideState {
  let worst: SideState = 'off';
  for (const name of sides) {
    const side = account[name];
    if (side && ranks[sideState(side)] < ranks[worst]) worst = sideState(side);
  }
  return worst;
}

/** byUrgency puts accounts that need a person first, then by name. */
export function byUrgency(a: Account, b: Account): number {
  return ranks[accountState(a)] - ranks[accountState(b)] || a.name.localeCompare(b.name) || a.id - b.id;
}

/** lastChecked is the younger of both sides' checks, or undefined. */
export function lastChecked(account: Account): string | undefined {
  const times = sides.flatMap((n) => account[n]?.health.checked_at ?? []);
  return times.sort().at(-1);
}

/** troubleText is the last error of a side in plain words, "" when there is none. */
export function troubleText(side: Side): string {
  const { code, text } = side.health;
  const key = `errors.${code}.cause`;
  return code && has(key) ? t(key) : (text ?? '');
}

/** troubleAction is what to do about it. */
export function troubleAction(side: Side): string {
  const { code, action } = side.health;
  const key = `errors.${code}.action`;
  return code && has(key) ? t(key) : (action ?? '');
}

/** What is wrong with an account: each different trouble once, with the sides that have it. */
export interface Trouble {
  sides: SideName[];
  state: SideState;
  text: string;
  action: string;
}

/** troubles lists what is wrong with the sides that are switched on. */
export function troubles(account: Account): Trouble[] {
  const out: Trouble[] = [];
  for (const name of sides) {
    const side = account[name];
    if (!side || !['trouble', 'retrying'].includes(sideState(side))) continue;
    const text = troubleText(side);
    const known = out.find((o) => o.text === text);
    if (known) known.sides.push(name);
    else out.push({ sides: [name], state: sideState(side), text, action: troubleAction(side) });
  }
  return out;
}
