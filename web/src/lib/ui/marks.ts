import CircleAlert from '@lucide/svelte/icons/circle-alert';
import CircleCheck from '@lucide/svelte/icons/circle-check';
import Info from '@lucide/svelte/icons/info';
import TriangleAlert from '@lucide/svelte/icons/triangle-alert';
import type { Icon, Tone } from './types';

/** The sign of each tone: shape tells what colour tells. */
export const marks: Record<Tone, { icon: Icon }> = {
  neutral: { icon: Info },
  accent: { icon: Info },
  info: { icon: Info },
  ok: { icon: CircleCheck },
  warn: { icon: TriangleAlert },
  danger: { icon: CircleAlert },
};
