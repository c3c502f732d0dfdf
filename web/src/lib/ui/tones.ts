import type { Tone } from './types';

/** Classes of each tone, written out so that Tailwind finds them. */
export const tones: Record<Tone, { text: string; ground: string; line: string; mark: string }> = {
  neutral: { text: 'text-ink-2', ground: 'bg-sunken', line: 'border-line', mark: 'text-ink-3' },
  accent: { text: 'text-accent-ink', ground: 'bg-accent-ground', line: 'border-accent-line', mark: 'text-accent-line' },
  ok: { text: 'text-ok-ink', ground: 'bg-ok-ground', line: 'border-ok-line', mark: 'text-ok-line' },
  warn: { text: 'text-warn-ink', ground: 'bg-warn-ground', line: 'border-warn-line', mark: 'text-warn-line' },
  danger: { text: 'text-danger-ink', ground: 'bg-danger-ground', line: 'border-danger-line', mark: 'text-danger-line' },
  info: { text: 'text-info-ink', ground: 'bg-info-ground', line: 'border-info-line', mark: 'text-info-line' },
};
