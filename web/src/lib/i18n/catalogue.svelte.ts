/** The languages of the pages, by their own names. */
export const languages = { en: 'English', it: 'Italiano', ru: 'Русский', es: 'Español' } as const;

export type Language = keyof typeof languages;

/** A text, or its plural forms by the categories of Unicode's plural rules. */
type Entry = string | Partial<Record<Intl.LDMLPluralRule, string>>;
type Catalogue = Record<string, Entry>;

const loaders: Record<Language, () => Promise<{ default: Catalogue }>> = {
  en: () => import('./en'),
  it: () => import('./it'),
  ru: () => import('./ru'),
  es: () => import('./es'),
};

const state = $state({ language: 'en' as Language });
let catalogue = $state.raw<Catalogue>({});
let plurals = new Intl.PluralRules('en');

/** lang is the language shown now. */
export const lang = {
  get current(): Language {
    return state.language;
  },
};

/** preferred is the first language of the browser that we speak. */
export function preferred(): Language {
  for (const wanted of navigator.languages) {
    const base = wanted.split('-')[0]!;
    if (base in languages) return base as Language;
  }
  return 'en';
}

/** setLanguage loads the catalogue of a language and shows the pages in it. */
export async function setLanguage(language: Language): Promise<void> {
  const { default: texts } = await loaders[language]();
  plurals = new Intl.PluralRules(language);
  catalogue = texts;
  state.language = language;
  document.documentElement.lang = language;
}

/** has reports whether the catalogue knows a key. */
export function has(key: string): boolean {
  return key in catalogue;
}

/** t is the text of a key in the language shown, with its values set in. A plural is chosen by values.count. */
export function t(key: string, values: Record<string, string | number> = {}): string {
  const entry = catalogue[key];
  if (entry === undefined) return key;
  const text = typeof entry === 'string' ? entry : (entry[plurals.select(Number(values.count))] ?? entry.other ?? key);
  return text.replace(/\{\{\.(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    return typeof value === 'number' ? value.toLocaleString(state.language) : (value ?? '');
  });
}
