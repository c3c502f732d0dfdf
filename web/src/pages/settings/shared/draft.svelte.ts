import { session } from '$lib/session.svelte';

/** What a form holds: flat, so that a field can be compared. */
type Values = Record<string, string | number | boolean | readonly (string | number)[]>;

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** Draft is a form's values over what is stored. It lives on when its page is left, so that nothing typed is lost. */
export class Draft<T extends Values> {
  #base = $state.raw() as T;
  values = $state() as T;

  constructor(stored: T) {
    this.#base = stored;
    this.values = { ...stored };
  }

  get dirty(): boolean {
    return !same(this.#base, this.values);
  }

  /** The fields that differ from what is stored. */
  get changes(): Partial<T> {
    const out: Partial<T> = {};
    for (const key of Object.keys(this.#base) as (keyof T)[])
      if (!same(this.#base[key], this.values[key])) out[key] = $state.snapshot(this.values[key]) as T[keyof T];
    return out;
  }

  /** stored takes what the service has now; fields that were typed into stay. */
  stored(now: T): void {
    const typed = this.changes;
    this.#base = now;
    this.values = { ...now, ...typed };
  }

  /** saved says that the service has these values now. */
  saved(now: T): void {
    this.#base = now;
    this.values = { ...now };
  }

  discard(): void {
    this.values = { ...this.#base };
  }
}

const kept = new Map<string, Draft<Values>>();
let owner: number | undefined;

/** draft gives the form of this key, with what was typed into it before, over what is stored. */
export function draft<T extends Values>(key: string, stored: T): Draft<T> {
  // What somebody else typed in this browser is not shown to whom signs in next.
  if (owner !== session.user?.id) kept.clear();
  owner = session.user?.id;
  const before = kept.get(key) as Draft<T> | undefined;
  if (before) {
    before.stored(stored);
    return before;
  }
  const fresh = new Draft(stored);
  kept.set(key, fresh as unknown as Draft<Values>);
  return fresh;
}

/** isTyped tells that a form has changes that were not saved. */
export const isTyped = (key: string): boolean => kept.get(key)?.dirty ?? false;

// Leaving the application would lose what the pages keep.
if (typeof window !== 'undefined')
  addEventListener('beforeunload', (e) => {
    for (const d of kept.values()) if (d.dirty) return e.preventDefault();
  });
