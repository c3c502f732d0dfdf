import type { Tone } from './types';

export interface Toast {
  text: string;
  tone?: Tone;
  /** One thing that can be done about it: undo, open. */
  action?: { label: string; run: () => void };
  /** How long it stays; 6, or 10 with an action. It waits while the pointer or the focus is on it. */
  seconds?: number;
  /** Called when it goes without its action: the time to do what could have been undone. */
  ondone?: () => void;
}

export interface ShownToast extends Toast {
  id: number;
  left: number;
  since: number;
  timer?: ReturnType<typeof setTimeout>;
}

const most = 3;

let next = 0;
let held = false;

/** What is shown now; the oldest first. */
export const shown = $state<{ list: ShownToast[] }>({ list: [] });

function start(one: ShownToast) {
  clearTimeout(one.timer);
  if (held) return;
  one.since = Date.now();
  one.timer = setTimeout(() => leave(one.id, false), one.left);
}

/** leave takes a toast away. What it stood for is done, unless its action was taken. */
export function leave(id: number, acted: boolean): void {
  const one = shown.list.find((x) => x.id === id);
  if (!one) return;
  clearTimeout(one.timer);
  shown.list = shown.list.filter((x) => x.id !== id);
  if (acted) one.action?.run();
  else one.ondone?.();
}

/** hold stops the clocks while somebody reads; release lets them go on. */
export function hold(): void {
  if (held) return;
  held = true;
  for (const one of shown.list) {
    clearTimeout(one.timer);
    one.left -= Date.now() - one.since;
  }
}
export function release(): void {
  if (!held) return;
  held = false;
  for (const one of shown.list) start(one);
}

/** toast tells in passing that something was done. It returns a function that takes it away. */
export function toast(what: Toast): () => void {
  const id = ++next;
  const seconds = what.seconds ?? (what.action ? 10 : 6);
  shown.list.push({ ...what, id, left: seconds * 1000, since: Date.now() });
  start(shown.list[shown.list.length - 1]!);
  while (shown.list.length > most) leave(shown.list[0]!.id, false);
  return () => leave(id, false);
}

/** actLatest takes the action of the newest toast, as a key for undo does. It reports whether there was one. */
export function actLatest(): boolean {
  const one = shown.list.findLast((x) => x.action);
  if (one) leave(one.id, true);
  return !!one;
}

// What could have been undone is done when the page goes.
if (typeof addEventListener === 'function')
  addEventListener('pagehide', () => {
    for (const one of [...shown.list]) leave(one.id, false);
  });
