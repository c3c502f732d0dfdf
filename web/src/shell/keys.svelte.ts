import { untrack } from 'svelte';

/** Something that a key does, as the help sheet lists it. */
export interface Shortcut {
  keys: string[];
  description: () => string;
  /** Heading under which the help sheet lists it; without one it works everywhere. */
  group?: () => string;
  run: (e: KeyboardEvent) => void | false;
}

const place = 'mailstead.keys';
/** How long the second key of a sequence may take, in milliseconds. */
const pause = 1200;

let list = $state.raw<Shortcut[]>([]);
let enabled = $state(localStorage.getItem(place) !== 'off');
let pressed = '';
let forget: ReturnType<typeof setTimeout> | undefined;

/** shortcuts are the keys that work on this page. */
export const shortcuts = {
  get list(): readonly Shortcut[] {
    return list;
  },
  /** Keys without Ctrl or Cmd can be switched off: people who dictate press them unawares. */
  get enabled() {
    return enabled;
  },
  set enabled(on: boolean) {
    enabled = on;
    localStorage.setItem(place, on ? 'on' : 'off');
  },
};

/**
 * register makes keys do something until the returned function is called. Keys are "j", "Shift+u", "?", "Mod+k" (Ctrl
 * or Cmd) or two after each other, "g m". When run returns false the key is left to others.
 */
export function register(
  keys: string | string[],
  description: () => string,
  run: Shortcut['run'],
  { group }: { group?: () => string } = {},
): () => void {
  const shortcut = { keys: typeof keys === 'string' ? [keys] : keys, description, run, group };
  // An effect that registers a key does not follow the list of all keys.
  list = [...untrack(() => list), shortcut];
  return () => (list = untrack(() => list).filter((s) => s !== shortcut));
}

/** typing reports whether a key belongs to what has the focus: a field, a menu, a dialog above the page. */
function typing(e: KeyboardEvent): boolean {
  const at = e.target instanceof Element ? e.target : document.body;
  if (at.closest('input:not([type=checkbox], [type=radio]), textarea, select, [role=menu], [role=listbox]'))
    return true;
  return (at instanceof HTMLElement && at.isContentEditable) || document.querySelector('dialog:modal') !== null;
}

/** nameOf writes a key as register takes it. */
function nameOf(e: KeyboardEvent): string {
  const mod = e.ctrlKey || e.metaKey ? 'Mod+' : '';
  if (e.key.length > 1) return mod + (e.shiftKey ? 'Shift+' : '') + e.key;
  const letter = e.key.toLowerCase() !== e.key.toUpperCase();
  return mod + (letter && e.shiftKey ? 'Shift+' : '') + (letter ? e.key.toLowerCase() : e.key);
}

function handle(e: KeyboardEvent): void {
  if (e.defaultPrevented || e.isComposing || e.altKey || ['Shift', 'Control', 'Meta', 'Alt'].includes(e.key)) return;
  const name = nameOf(e);
  const plain = !name.startsWith('Mod+');
  if (typing(e) || (plain && name.length === 1 && !enabled)) return;
  clearTimeout(forget);
  const sequence = pressed && `${pressed} ${name}`;
  pressed = '';
  // The newest comes first: a page may take a key from the frame around it.
  for (const wanted of sequence ? [sequence, name] : [name])
    for (const s of list.toReversed())
      if (s.keys.includes(wanted) && s.run(e) !== false) {
        e.preventDefault();
        return;
      }
  if (list.some((s) => s.keys.some((k) => k.startsWith(name + ' ')))) {
    pressed = name;
    forget = setTimeout(() => (pressed = ''), pause);
  }
}

/** listenKeys takes the keys of the whole page. It returns how to stop that. */
export function listenKeys(): () => void {
  document.addEventListener('keydown', handle);
  return () => document.removeEventListener('keydown', handle);
}
