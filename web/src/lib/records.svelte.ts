import { api, call, type Schema } from '$lib/api/client';
import { has, t } from '$lib/i18n';

export type RecordRow = Schema<'Record'>;
export type RecordType = Schema<'RecordType'>;

let some = $state(false);

/** records tells whether there are any: while there are none nothing on the pages speaks of them. */
export const records = {
  get some() {
    return some;
  },
};

/** sawRecord takes note that there is a record. */
export function sawRecord(): void {
  some = true;
}

/** lookForRecords asks whether there is a record at all. */
export async function lookForRecords(): Promise<void> {
  try {
    const page = await call(api.GET('/records', { params: { query: { limit: 1 } } }));
    some = page.items.length > 0;
  } catch {
    // The pages go on without; they ask again when they are loaded anew.
  }
}

/** The names that the types out of the box have in the service. */
const builtIn: Record<string, string> = { request: 'Request', contact: 'Contact', company: 'Company' };

/** typeName says a type in the reader's language, unless somebody gave it another name. */
export function typeName(key: string, name: string): string {
  const text = `records.type.${key}`;
  return builtIn[key] === name && has(text) ? t(text) : name;
}
