import { readdirSync, readFileSync } from 'node:fs';

export type Language = 'en' | 'it' | 'ru' | 'es';

type Entry = string | Record<string, string>;
const catalogues = new Map<Language, Map<string, Entry>>();

function catalogue(language: Language): Map<string, Entry> {
  const known = catalogues.get(language);
  if (known) return known;
  const texts = new Map<string, Entry>();
  const dir = new URL(`../locales/${language}/`, import.meta.url);
  for (const file of readdirSync(dir))
    for (const [key, text] of Object.entries(
      JSON.parse(readFileSync(new URL(file, dir), 'utf8')) as Record<string, Entry>,
    ))
      texts.set(`${file.replace('.json', '')}.${key}`, text);
  catalogues.set(language, texts);
  return texts;
}

/** words gives the texts of the pages in a language, so that tests say what is meant and not how it is put. */
export function words(language: Language = 'en') {
  return (key: string, values: Record<string, string | number> = {}): string => {
    const entry = catalogue(language).get(key);
    if (entry === undefined) throw new Error(`there is no text ${key}`);
    const form =
      typeof entry === 'string' ? entry : entry[new Intl.PluralRules(language).select(Number(values.count))]!;
    return form.replace(/\{\{\.(\w+)\}\}/g, (_, name: string) => String(values[name] ?? ''));
  };
}
