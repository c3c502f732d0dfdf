import type { Component, Snippet } from 'svelte';
import type { AriaAttributes } from 'svelte/elements';

/** What a state means; each is shown by ground, line, text and a word. */
export type Tone = 'neutral' | 'accent' | 'ok' | 'warn' | 'danger' | 'info';

/** A component of @lucide/svelte. */
export type Icon = Component<{ size?: number | string; class?: string }>;

/** One of several values that a person can choose. */
export interface Option<V extends string | number = string> {
  value: V;
  label: string;
  hint?: string;
  disabled?: boolean;
}

/** Something that can be done, as a link or a function. */
export type Action =
  { label: string; href: string; run?: () => void } | { label: string; run: () => void; href?: undefined };

/** A line of a menu; '-' is a hairline. */
export type MenuItem =
  | '-'
  | {
      label: string;
      icon?: Icon;
      onselect?: () => void;
      href?: string;
      danger?: boolean;
      disabled?: boolean;
      /** A key or a second word, at the right. */
      hint?: string;
      /** Set, the item is a choice with a tick. */
      checked?: boolean;
    };

/** A column of a Table. Without a cell snippet the row's own value under key is shown. */
export interface Column<R> {
  key: string;
  label: string;
  cell?: Snippet<[R]>;
  align?: 'start' | 'end';
  /** Leave the label out where rows are stacked, e.g. for the name that heads the block. */
  head?: boolean;
  class?: string;
}

/** Attributes that buttons and links pass on. */
export type Passed = AriaAttributes & {
  id?: string;
  form?: string;
  name?: string;
  value?: string;
  tabindex?: number;
  target?: '_blank';
  rel?: string;
  download?: string | boolean;
  role?: 'menuitem' | 'switch';
  [data: `data-${string}`]: string | number | boolean | undefined;
};
