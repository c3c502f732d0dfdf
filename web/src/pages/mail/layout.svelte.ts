import { MediaQuery } from 'svelte/reactivity';
import { prefs } from '$lib/prefs.svelte';

const two = new MediaQuery('(min-width: 48rem)');
const touch = new MediaQuery('(pointer: coarse)');
const three = new MediaQuery('(min-width: 70rem)');

/** A pane's width can be drawn between these, in pixels. */
export interface Range {
  least: number;
  usual: number;
  most: number;
}

/** The panes that have a width; the reading pane takes the rest. */
export const ranges = {
  folders: { least: 184, usual: 232, most: 360 },
  list: { least: 300, usual: 400, most: 720 },
} satisfies Record<string, Range>;

export type Pane = keyof typeof ranges;

/** layout is how many panes stand beside each other, and how wide they are. */
export const layout = {
  get panes(): 1 | 2 | 3 {
    return three.current ? 3 : two.current ? 2 : 1;
  },
  /** The reader points with a finger: nothing hides until it is pointed at. */
  get touch(): boolean {
    return touch.current;
  },
  width(pane: Pane): number {
    const { least, usual, most } = ranges[pane];
    // With two panes the list is narrower, so that a mail can be read beside it.
    const fit = pane === 'list' && !three.current ? Math.min(usual, 340) : usual;
    const wanted = prefs.panes[`mail.${pane}${three.current ? '' : '.two'}`] ?? fit;
    return Math.min(most, Math.max(least, wanted));
  },
  setWidth(pane: Pane, width: number): void {
    const { least, most } = ranges[pane];
    prefs.panes[`mail.${pane}${three.current ? '' : '.two'}`] = Math.round(Math.min(most, Math.max(least, width)));
  },
  reset(pane: Pane): void {
    delete prefs.panes[`mail.${pane}${three.current ? '' : '.two'}`];
  },
};
