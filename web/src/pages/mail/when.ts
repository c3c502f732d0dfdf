import { day } from '$lib/format';
import { lang } from '$lib/i18n';

/** Texts of moments, as the list shows them today in one language: to make one costs more than the row around it. */
const texts = new Map<string, string>();
let state = '';

/** listTime is the moment of a message as a row shows it. */
export function listTime(moment: string): string {
  const now = `${lang.current} ${new Date().toDateString()}`;
  if (now !== state) {
    texts.clear();
    state = now;
  }
  let text = texts.get(moment);
  if (text === undefined) texts.set(moment, (text = day(moment)));
  return text;
}
