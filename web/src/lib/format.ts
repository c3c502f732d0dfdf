import { lang, t } from '$lib/i18n';

type When = string | Date;

const toDate = (when: When) => (typeof when === 'string' ? new Date(when) : when);

/** Making a formatter takes longer than a hundred uses of it: one is kept for each language and form. */
const formats = new Map<string, Intl.DateTimeFormat>();

function show(when: Date, form: string, options: Intl.DateTimeFormatOptions): string {
  const key = `${lang.current} ${form}`;
  let format = formats.get(key);
  if (!format) formats.set(key, (format = new Intl.DateTimeFormat(lang.current, options)));
  return format.format(when);
}

/** exact is a moment in full, for title attributes. */
export function exact(when: When): string {
  return show(toDate(when), 'exact', { dateStyle: 'full', timeStyle: 'medium' });
}

/** moment is a day and a time in short, where both matter. */
export function moment(when: When): string {
  return show(toDate(when), 'moment', { dateStyle: 'medium', timeStyle: 'short' });
}

/** day is a moment as a list shows it: the time today, the weekday within a week, else the date. */
export function day(when: When, now = new Date()): string {
  const date = toDate(when);
  if (date.toDateString() === now.toDateString()) return show(date, 'time', { hour: 'numeric', minute: '2-digit' });
  const age = now.getTime() - date.getTime();
  if (age > 0 && age < 6 * 86_400_000) return show(date, 'weekday', { weekday: 'short' });
  if (date.getFullYear() === now.getFullYear()) return show(date, 'day', { day: 'numeric', month: 'short' });
  return show(date, 'date', { day: 'numeric', month: 'numeric', year: 'numeric' });
}

/** The word for year behind a Russian date, whose full stop would stand before that of the sentence. */
const yearWord = /\s?г\.$/;

/** date is the day of a moment within a sentence, with the year. */
export function date(when: When): string {
  return show(toDate(when), 'dated', { dateStyle: 'medium' }).replace(yearWord, '');
}

/** month is a month such as 2026-11 within a sentence. */
export function month(of: string): string {
  return show(toDate(`${of}-15T12:00:00`), 'month', { month: 'long', year: 'numeric' }).replace(yearWord, '');
}

/** lastDay is the day on which something works for the last time: a secret ends with the day, in whatever zone that is read. */
export function lastDay(ends: string): string {
  return date(new Date(Date.parse(ends) - 12 * 3_600_000).toISOString());
}

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** ago is how long a moment is past or ahead: "2 min. ago". */
export function ago(when: When, now = new Date()): string {
  const seconds = (toDate(when).getTime() - now.getTime()) / 1000;
  const relative = new Intl.RelativeTimeFormat(lang.current, { style: 'short', numeric: 'auto' });
  for (const [unit, length] of units)
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
  return t('common.just_now');
}

/** bytes is a size with the unit that fits: "2.3 MB". */
export function bytes(n: number): string {
  const unit = n < 1000 ? 'byte' : n < 1e6 ? 'kilobyte' : n < 1e9 ? 'megabyte' : 'gigabyte';
  const size = { byte: n, kilobyte: n / 1e3, megabyte: n / 1e6, gigabyte: n / 1e9 }[unit];
  return size.toLocaleString(lang.current, {
    style: 'unit',
    unit,
    unitDisplay: unit === 'byte' ? 'long' : 'short',
    maximumFractionDigits: size < 10 && unit !== 'byte' ? 1 : 0,
  });
}

export function number(n: number): string {
  return n.toLocaleString(lang.current);
}

/** list joins texts as the language does: "a, b and c". */
export function list(items: string[]): string {
  return new Intl.ListFormat(lang.current, { type: 'conjunction' }).format(items);
}

/** person is the name of somebody, or the address where there is no name. */
export function person(p: { name?: string; address: string } | undefined): string {
  return p?.name || p?.address || '';
}
