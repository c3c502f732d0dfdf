/** How much old mail an account loads, taken apart. */
export interface LoadPeriod {
  kind: 'none' | 'days' | 'months' | 'count' | 'all';
  number: number;
}

const usual = { none: 0, all: 0, days: 30, months: 3, count: 500 };

/** parsePeriod takes "days:30" apart. */
export function parsePeriod(text: string): LoadPeriod {
  const [kind, n] = text.split(':');
  if (kind === 'days' || kind === 'months' || kind === 'count') return { kind, number: Number(n) || usual[kind] };
  return { kind: kind === 'all' ? 'all' : 'none', number: 0 };
}

/** formatPeriod is the period as the service writes it. */
export function formatPeriod({ kind, number }: LoadPeriod): string {
  return kind === 'none' || kind === 'all' ? kind : `${kind}:${number}`;
}

/** usualNumber is what a kind begins with. */
export const usualNumber = (kind: LoadPeriod['kind']): number => usual[kind];

/** The most that the service takes. */
export const mostOf = 10_000_000;
