import { untrack } from 'svelte';
import { accounts } from '$lib/accounts.svelte';
import { session } from '$lib/session.svelte';
import type { ComposeRequest } from '../compose.svelte';
import { merged, parseAddresses, type Address } from './addresses';
import { begin, type Beginning } from './begin';
import { Files } from './files.svelte';
import { promisesFile } from './hints';
import { dropDraft, keepDraft } from './keep';
import type { Kept } from './kept';
import { randomId } from './random';
import { Sender } from './sender.svelte';
import { fromText, ownPlain, ownText, signature, toText, type Doc } from './text';

export type Field = 'to' | 'cc' | 'bcc';

/** How long typing rests before it is kept, in milliseconds. */
const rest = 300;

const empty: Doc = { type: 'doc', content: [{ type: 'paragraph' }] };

/** Letter is one mail that is being written, with everything that its window shows. */
export class Letter {
  readonly id: string;
  readonly request: ComposeRequest;
  /** Who writes. */
  readonly user = session.user?.id ?? 0;
  readonly files: Files;
  readonly sender = new Sender();
  created = Date.now();
  about = $state('');
  to = $state.raw<Address[]>([]);
  cc = $state.raw<Address[]>([]);
  bcc = $state.raw<Address[]>([]);
  typed = $state({ to: '', cc: '', bcc: '' });
  subject = $state('');
  /** The template that it is made from. */
  template = $state.raw<Kept['template']>();
  mode = $state<'rich' | 'plain'>('rich');
  text = $state('');
  doc = $state.raw<Doc>(empty);
  /** Counts changes of doc that did not come from the editor. */
  version = $state(0);
  /** Ready: the writer had pressed send when the page was closed. Leaving: it is being sent. */
  phase = $state<'writing' | 'ready' | 'leaving'>('writing');
  /** The beginning is on its way, or could not be had. */
  loading = $state(true);
  failure = $state.raw<unknown>();
  /** Why it was not sent. */
  problem = $state.raw<unknown>();
  /** There is something in it that would be missed. */
  touched = $state(false);
  /** The browser refuses to keep it. */
  unkept = $state(false);
  savedAt = $state<number>();
  large = $state(false);
  /** Reads the document out of the editor; set while there is one. */
  collect: (() => Doc) | undefined;
  key = randomId();
  attempted: string | undefined;
  #edits = $state(0);
  #signature = '';
  #stop: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The next change is not the writer's. */
  #silent = false;
  #gone = false;

  constructor(request: ComposeRequest, id = randomId()) {
    this.request = request;
    this.id = id;
    this.files = new Files(id);
  }

  /** start gets the beginning from the service. */
  async start(): Promise<void> {
    this.loading = true;
    this.failure = undefined;
    try {
      const beginning = await begin(this.request);
      if (this.#gone) return;
      this.#fill(beginning);
    } catch (e) {
      this.failure = e;
    }
    this.loading = false;
  }

  /** #fill takes the beginning over; what was typed while it was on its way stays. */
  #fill(b: Beginning): void {
    const { to, cc, bcc } = this.typed;
    const early = this.recipients.length + this.files.list.length > 0 || this.subject + to + cc + bcc !== '';
    this.to = merged(b.to, this.to);
    this.cc = merged(b.cc, this.cc);
    this.subject ||= b.subject;
    this.about = b.about;
    this.files.list = [...b.files, ...this.files.list];
    this.#signature = b.signature;
    this.replace(fromText(b.text, b.signature));
    this.#follow(early);
    void this.choose(b.account);
  }

  /** restore takes up a draft that this browser has kept. */
  async restore(kept: Kept): Promise<void> {
    Object.assign(this, {
      created: kept.created,
      about: kept.about ?? '',
      to: kept.to,
      cc: kept.cc,
      bcc: kept.bcc,
      typed: { ...kept.typed },
      subject: kept.subject,
      template: kept.template,
      mode: kept.mode,
      text: kept.text,
      phase: kept.state === 'ready' ? 'ready' : 'writing',
      key: kept.key,
      attempted: kept.attempted,
      savedAt: kept.saved,
      touched: true,
    });
    this.#signature = kept.signature;
    await this.files.restore(kept.files);
    this.replace(kept.doc);
    this.loading = false;
    this.#follow();
    this.sender.template = kept.template?.id ?? 0;
    void this.sender.resolve(kept.account);
  }

  /** choose has another account send, 0 the one that the service finds. The signature goes with it. */
  async choose(account: number): Promise<void> {
    await this.sender.resolve(account);
    const signed = this.sender.signature;
    if (signed === undefined || !accounts.loaded || signed === this.#signature || this.loading) return;
    this.#sign(signed);
  }

  #sign(text: string): void {
    const old = this.#signature;
    this.#signature = text;
    if (this.mode === 'plain') {
      this.#silent = !this.touched;
      const block = old && `-- \n${old}`;
      if (block && this.text.includes(block)) this.text = this.text.replace(block, text ? `-- \n${text}` : '');
      else if (!block && text) this.text = this.text.replace(/\n*$/, `\n\n-- \n${text}\n`);
      return;
    }
    const content = [...(this.current().content ?? [])];
    const at = content.findIndex((node) => node.type === 'signature');
    // A signature that was rewritten by hand belongs to the writer.
    if (at >= 0 && toText({ type: 'doc', content: content[at]!.content }).trim() !== old.trim()) return;
    if (at >= 0) content.splice(at, 1, ...(text ? [signature(text)] : []));
    else if (text && !old) content.splice(this.request.parent ? 1 : content.length, 0, signature(text));
    this.replace({ type: 'doc', content });
  }

  /** commit makes addresses of what stands in the fields. */
  commit(): void {
    for (const field of ['to', 'cc', 'bcc'] as const) {
      if (!this.typed[field].trim()) continue;
      this[field] = merged(this[field], parseAddresses(this.typed[field]));
      this.typed[field] = '';
    }
  }

  /** replace gives the editor another document. */
  replace(doc: Doc): void {
    this.doc = doc;
    this.version++;
    this.files.shown = images(doc);
  }

  /** current is the document with the last key typed. */
  current(): Doc {
    if (this.collect && this.mode === 'rich') {
      this.doc = this.collect();
      this.files.shown = images(this.doc);
    }
    return this.doc;
  }

  /** edited tells that the editor has changed. */
  edited(): void {
    this.#edits++;
  }

  /** The form goes, or comes back. It returns how to undo that. */
  setMode(mode: 'rich' | 'plain'): () => void {
    const before = { mode: this.mode, doc: this.current(), text: this.text, files: this.files.list };
    if (mode === 'plain') {
      this.text = toText(before.doc);
      this.files.asAttachments();
    } else this.replace(fromText(this.text, this.#signature));
    this.mode = mode;
    return () => {
      this.mode = before.mode;
      this.text = before.text;
      this.files.list = before.files;
      this.replace(before.doc);
    };
  }

  /** Something of the writer's own would be replaced by a template. */
  get written(): boolean {
    if (this.request.kind !== 'new') return false;
    const text = this.mode === 'rich' ? ownText(this.current()) : ownPlain(this.text);
    return this.subject.trim() !== '' || text.trim() !== '';
  }

  /**
   * make fills in a template, none without one: subject and text of a new mail are replaced, the text of an answer
   * gets it in front. It returns how to undo that.
   */
  make(template?: { id: number; name: string; subject: string; text?: string }): () => void {
    const before = { template: this.template, subject: this.subject, text: this.text, doc: this.current() };
    const turn = (to: Kept['template']) => {
      this.template = to;
      this.sender.template = to?.id ?? 0;
      void this.choose(this.sender.chosen);
    };
    if (template) {
      const fresh = this.request.kind === 'new';
      if (fresh) this.subject = template.subject;
      const text = (template.text ?? '').replaceAll('\r\n', '\n').replace(/\n+$/, '');
      const rest = this.#rest(fresh);
      if (this.mode === 'plain') this.text = `${text}\n${rest.text && `\n${rest.text}`}`;
      else {
        const gap = rest.content.length ? [{ type: 'paragraph' }] : [];
        this.replace({ type: 'doc', content: [...(fromText(text).content ?? []), ...gap, ...rest.content] });
      }
    }
    turn(template && { id: template.id, name: template.name });
    return () => {
      this.subject = before.subject;
      this.text = before.text;
      this.replace(before.doc);
      turn(before.template);
    };
  }

  /** What stays below a template's text: of a new mail its signature, of an answer all. */
  #rest(fresh: boolean): { text: string; content: Doc[] } {
    const content = this.current().content ?? [];
    if (!fresh) return { text: this.text, content };
    const block = this.#signature && `-- \n${this.#signature}`;
    return {
      text: block && this.text.includes(block) ? `${block}\n` : '',
      content: content.filter((node) => node.type === 'signature'),
    };
  }

  get title(): string {
    return this.subject.trim();
  }

  get recipients(): Address[] {
    return [...this.to, ...this.cc, ...this.bcc];
  }

  /** The text promises a file and there is none. */
  get fileForgotten(): boolean {
    if (this.files.attached.length > 0 || this.files.shown.size > 0) return false;
    return promisesFile(this.subject + '\n' + (this.mode === 'rich' ? ownText(this.doc) : ownPlain(this.text)));
  }

  /** #follow keeps what the writer changes from now on; early tells that there is something to keep already. */
  #follow(early = false): void {
    let before: unknown[] | undefined;
    this.#stop = $effect.root(() => {
      $effect(() => {
        const { to, cc, bcc, typed, subject, mode, text, sender, files } = this;
        const now = [
          to,
          cc,
          bcc,
          typed.to,
          typed.cc,
          typed.bcc,
          subject,
          this.template,
          mode,
          text,
          sender.chosen,
          files.list,
          this.#edits,
        ];
        const changed = early || (before?.some((value, i) => value !== now[i]) ?? false);
        early = false;
        before = now;
        if (!changed || this.#silent) return void (this.#silent = false);
        untrack(() => {
          this.problem = undefined;
          if (this.phase === 'ready') this.phase = 'writing';
          clearTimeout(this.#timer);
          this.#timer = setTimeout(() => void this.keep(), rest);
        });
      });
    });
    addEventListener('pagehide', this.flush);
    document.addEventListener('visibilitychange', this.flush);
    addEventListener('beforeunload', this.#warn);
  }

  /** flush keeps what the timer would have kept later. */
  flush = (): void => {
    if (this.#timer !== undefined) void this.keep();
  };

  // Only where the browser keeps nothing would closing the page lose something.
  #warn = (e: BeforeUnloadEvent): void => {
    if (this.unkept || this.files.unkept) e.preventDefault();
  };

  /** keep stores the draft in this browser. */
  async keep(state: Kept['state'] = this.phase === 'writing' ? 'writing' : 'ready'): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#gone) return;
    this.touched = true;
    try {
      await keepDraft(this.#kept(state));
      this.unkept = false;
      this.savedAt = Date.now();
    } catch {
      this.unkept = true;
    }
  }

  #kept(state: Kept['state']): Kept {
    return $state.snapshot({
      id: this.id,
      user: this.user,
      state,
      created: this.created,
      saved: Date.now(),
      kind: this.request.kind,
      parent: this.request.parent,
      about: this.about,
      account: this.sender.chosen,
      template: this.template,
      to: this.to,
      cc: this.cc,
      bcc: this.bcc,
      typed: this.typed,
      subject: this.subject,
      mode: this.mode,
      doc: this.current(),
      text: this.text,
      signature: this.#signature,
      files: this.files.list,
      key: this.key,
      attempted: this.attempted,
    }) as Kept;
  }

  /** forget ends the draft here and in this browser's keeping. */
  forget(): void {
    this.close();
    void dropDraft(this.id).catch(() => undefined);
  }

  /** close ends the draft here. What is kept stays kept. */
  close(): void {
    this.flush();
    this.#gone = true;
    this.#stop?.();
    removeEventListener('pagehide', this.flush);
    document.removeEventListener('visibilitychange', this.flush);
    removeEventListener('beforeunload', this.#warn);
    this.files.free();
  }
}

/** images are the ids of the files that a document shows. */
function images(doc: Doc): Set<string> {
  const found = new Set<string>();
  const walk = (node: Doc) => {
    if (node.type === 'image' && node.attrs?.file) found.add(String(node.attrs.file));
    node.content?.forEach(walk);
  };
  walk(doc);
  return found;
}
