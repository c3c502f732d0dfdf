// Words that promise a file, in the four languages of the pages.
const promises = [
  /\b(attach(ed|ing|ment|ments)?|enclosed)\b/iu,
  /\b(allegat[oiae]|allego|in allegato)\b/iu,
  /(приложен|прилож[уи]|прилага|вложени|вложил|во вложении|прикрепл|прикрепил)/iu,
  /\b(adjunt[oa]s?|adjuntar|adjuntamos|anexo)(?![\p{L}])/iu,
];

/** promisesFile tells whether a text speaks of a file that comes with it. */
export function promisesFile(text: string): boolean {
  return promises.some((promise) => promise.test(text));
}
