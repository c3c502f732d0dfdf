import { session } from '$lib/session.svelte';

/** What a form holds: flat, so that a field can be compared. */
export type Values = Record<string, string | number | boolean | readonly (string | number)[]>;

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** Draft is a form's values over what is stored. It lives on when its page is left, so that nothing typed is lost. */
export class Draft<T extends Values> {
  #base = $state.raw() as T;
  values = $state() as T;
  /** Fields that were typed into, and whose stored value has changed since. */
  #contested = $state.raw<readonly (keyof T)[]>([]);

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

  /** The fields that a person must decide about: they were changed here and elsewhere. */
  get conflicts(): (keyof T)[] {
    return this.#contested.filter((key) => !same(this.#base[key], this.values[key]));
  }

  /** theirs is what a field holds at the service. */
  theirs<K extends keyof T>(key: K): T[K] {
    return this.#base[key];
  }

  /** take gives a field the value that is stored, keep leaves what was typed. */
  take(key: keyof T): void {
    this.values[key] = this.#base[key];
    this.keep(key);
  }
  keep(key: keyof T): void {
    this.#contested = this.#contested.filter((k) => k !== key);
  }

  /** stored takes what the service has now; fields that were typed into stay. */
  stored(now: T): void {
    const typed = this.changes;
    const changed = (Object.keys(typed) as (keyof T)[]).filter((key) => !same(now[key], this.#base[key]));
    this.#contested = [...new Set([...this.#contested, ...changed])];
    this.#base = now;
    this.values = { ...now, ...typed };
  }

  /** saved says that the service has these values now. */
  saved(now: T): void {
    this.#base = now;
    this.values = { ...now };
    this.#contested = [];
  }

  discard(): void {
    this.values = { ...this.#base };
    this.#contested = [];
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
