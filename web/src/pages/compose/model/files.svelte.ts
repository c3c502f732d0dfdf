import { dropFile, keepFile, readFile } from './keep';
import type { KeptFile } from './kept';
import { randomId } from './random';

/** The most bytes of a mail's files together, as the service counts them unless its operator says otherwise. */
export const maxFiles = 25_000_000;

/** A file that was not taken, and why. */
export interface Refused {
  name: string;
  size: number;
  why: 'too_large' | 'unreadable';
}

/** Files are what a draft carries. */
export class Files {
  list = $state.raw<KeptFile[]>([]);
  /** How far files that are being read have come, from 0 to 1, by id. */
  progress = $state<Record<string, number>>({});
  refused = $state.raw<Refused[]>([]);
  /** The browser has no room for the bytes: they are gone when the page is closed. */
  unkept = $state(false);
  /** The images that the text shows now. */
  shown = $state.raw<Set<string>>(new Set());
  readonly #draft: string;
  readonly #contents = new Map<string, Blob>();
  readonly #urls = new Map<string, string>();
  readonly #readers = new Map<string, FileReader>();

  constructor(draft: string) {
    this.#draft = draft;
  }

  /** What is sent: an image that was deleted from the text stays here only for undo. */
  get sent(): KeptFile[] {
    return this.list.filter((f) => !f.inline || this.shown.has(f.id));
  }

  get attached(): KeptFile[] {
    return this.list.filter((f) => !f.inline);
  }

  get total(): number {
    return this.sent.reduce((sum, f) => sum + f.size, 0);
  }

  get reading(): boolean {
    return Object.keys(this.progress).length > 0;
  }

  /** add takes files of the device, as long as they fit, and returns those that were taken. */
  add(files: Iterable<File>, inline = false): KeptFile[] {
    const refused: Refused[] = [];
    const taken: KeptFile[] = [];
    let total = this.total;
    for (const file of files) {
      if (total + file.size > maxFiles) {
        refused.push({ name: file.name, size: file.size, why: 'too_large' });
        continue;
      }
      total += file.size;
      const type = file.type.split(';')[0]!.trim() || 'application/octet-stream';
      const kept: KeptFile = { id: randomId(), name: file.name || 'image.png', type, size: file.size, inline };
      taken.push(kept);
      void this.#read(kept, file);
    }
    this.refused = [...this.refused, ...refused];
    this.list = [...this.list, ...taken];
    return taken;
  }

  async #read(kept: KeptFile, file: File): Promise<void> {
    this.progress[kept.id] = 0;
    // An image in the text is shown at once, from the disk.
    this.#contents.set(kept.id, file);
    const reader = new FileReader();
    this.#readers.set(kept.id, reader);
    reader.onprogress = (e) => {
      if (kept.id in this.progress) this.progress[kept.id] = e.total ? e.loaded / e.total : 0;
    };
    try {
      const bytes = await new Promise<ArrayBuffer>((resolve, reject) => {
        reader.onload = () => resolve(reader.result as ArrayBuffer);
        reader.onerror = reader.onabort = () => reject(reader.error ?? new Error('aborted'));
        reader.readAsArrayBuffer(file);
      });
      // From here on the file may be moved or deleted on the device.
      const content = new Blob([bytes], { type: kept.type });
      this.#contents.set(kept.id, content);
      await keepFile(this.#draft, kept.id, content).catch(() => (this.unkept = true));
    } catch {
      if (!this.list.some((f) => f.id === kept.id)) return;
      this.remove(kept.id);
      this.refused = [...this.refused, { name: kept.name, size: kept.size, why: 'unreadable' }];
    } finally {
      this.#readers.delete(kept.id);
      delete this.progress[kept.id];
    }
  }

  remove(id: string): void {
    this.list = this.list.filter((f) => f.id !== id);
    this.#readers.get(id)?.abort();
    this.#contents.delete(id);
    const url = this.#urls.get(id);
    if (url) URL.revokeObjectURL(url);
    this.#urls.delete(id);
    void dropFile(this.#draft, id).catch(() => undefined);
  }

  /** restore takes the files of a kept draft; those whose bytes are lost are refused by name. */
  async restore(list: KeptFile[]): Promise<void> {
    const found: KeptFile[] = [];
    const lost: Refused[] = [];
    for (const file of list) {
      const content = file.source ? undefined : await readFile(this.#draft, file.id).catch(() => undefined);
      if (content) this.#contents.set(file.id, content);
      if (content || file.source) found.push(file);
      else lost.push({ name: file.name, size: file.size, why: 'unreadable' });
    }
    this.list = found;
    this.refused = lost;
  }

  /** content is the bytes of a file; undefined for one of a stored message. */
  content(id: string): Blob | undefined {
    return this.#contents.get(id);
  }

  /** url shows an image in this page. */
  url(id: string): string | undefined {
    const content = this.#contents.get(id);
    if (!this.#urls.has(id) && content) this.#urls.set(id, URL.createObjectURL(content));
    return this.#urls.get(id);
  }

  /** asAttachments makes files of the images in the text, for a mail without form. */
  asAttachments(): void {
    this.list = this.list.filter((f) => !f.inline || this.shown.has(f.id)).map((f) => ({ ...f, inline: false }));
  }

  /** free lets go of the memory; what is kept stays kept. */
  free(): void {
    for (const url of this.#urls.values()) URL.revokeObjectURL(url);
    this.#urls.clear();
    this.#contents.clear();
  }
}
