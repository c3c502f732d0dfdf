import { api, call, everyPage, type Schema } from './api/client';

export type Template = Schema<'Template'>;

/** Templates are those that a writer may begin a mail with. */
class Templates {
  list = $state.raw<Template[]>([]);
  #asked: Promise<void> | undefined;

  /** refresh reads them anew; what cannot be read leaves those that are known. */
  refresh(): Promise<void> {
    this.#asked ??= this.#load().finally(() => (this.#asked = undefined));
    return this.#asked;
  }

  async #load(): Promise<void> {
    try {
      const fetchPage = (cursor?: string) => call(api.GET('/templates', { params: { query: { limit: 100, cursor } } }));
      this.list = await everyPage(fetchPage);
    } catch {
      // Writing goes on without them.
    }
  }
}

export const templates = new Templates();
