import { languages, type Language } from '$lib/i18n';
import { preferred } from '$lib/i18n/catalogue.svelte';

/** What a person chose on this device. */
export interface Preferences {
  theme: 'system' | 'light' | 'dark';
  density: 'comfortable' | 'compact';
  language: Language;
  /** Notices of new mail by the system of this device. */
  notices: boolean;
  /** Widths of the panes in pixels, by name. */
  panes: Record<string, number>;
}

const place = 'mailstead.preferences';

function read(): Preferences {
  const defaults: Preferences = {
    theme: 'system',
    density: 'comfortable',
    language: preferred(),
    notices: false,
    panes: {},
  };
  try {
    const stored = JSON.parse(localStorage.getItem(place) ?? '{}') as Partial<Preferences>;
    if (stored.language && !(stored.language in languages)) delete stored.language;
    return { ...defaults, ...stored };
  } catch {
    return defaults;
  }
}

/** prefs are kept in this browser; assigning to a field keeps it. Other tabs follow. */
export const prefs = $state(read());

/** keepPreferences stores and applies prefs for as long as the application runs. Call it once, inside an effect root. */
export function keepPreferences(apply: (p: Preferences) => void): void {
  $effect(() => {
    const text = JSON.stringify(prefs);
    try {
      localStorage.setItem(place, text);
    } catch {
      // A browser that keeps nothing still shows what was chosen.
    }
    apply(prefs);
  });
  $effect(() => {
    const follow = (e: StorageEvent) => {
      if (e.key === place) Object.assign(prefs, read());
    };
    addEventListener('storage', follow);
    return () => removeEventListener('storage', follow);
  });
}
