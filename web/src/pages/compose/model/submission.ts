import { api, call, type Schema } from '$lib/api/client';
import { ApiError } from '$lib/api/problem';
import { session } from '$lib/session.svelte';
import { toHtml } from './html';
import type { KeptFile } from './kept';
import type { Letter } from './letter.svelte';
import { fingerprint, randomId } from './random';
import { toText } from './text';
import { uploading } from './upload';

type Outgoing = Schema<'OutgoingMessage'>;

const cid = (file: string) => `${file}@mailstead`;

async function attachment(file: KeptFile, content: Blob | undefined): Promise<Schema<'DraftAttachment'>> {
  const named = { name: file.name, media_type: file.type || undefined };
  if (file.source) return { ...named, message_id: file.source.message, part: file.source.part };
  if (!content) throw new ApiError(0, { code: 'page.file_lost', detail: file.name });
  const inline = file.inline ? { inline: true, content_id: cid(file.id) } : {};
  return { ...named, ...inline, content: await base64(content) };
}

function base64(content: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve((reader.result as string).replace(/^[^,]*,/, ''));
    reader.onerror = () => reject(reader.error!);
    reader.readAsDataURL(content);
  });
}

/** submission is a letter as the API takes it. */
export async function submission(letter: Letter): Promise<Schema<'Submission'>> {
  const rich = letter.mode === 'rich';
  const doc = letter.current();
  const files = letter.files.sent;
  const inline = new Set(files.filter((f) => f.inline).map((f) => f.id));
  return {
    kind: letter.request.kind,
    parent_id: letter.request.kind === 'new' ? undefined : letter.request.parent,
    account_id: letter.sender.chosen || undefined,
    template_id: letter.template?.id,
    to: letter.to,
    cc: letter.cc,
    bcc: letter.bcc,
    subject: letter.subject.trim(),
    text: rich ? toText(doc) : letter.text,
    html: rich ? toHtml(doc, (file) => (inline.has(file) ? 'cid:' + cid(file) : undefined)) : undefined,
    attachments: await Promise.all(files.map((file) => attachment(file, letter.files.content(file.id)))),
  };
}

/** earlier finds a mail that the service has taken under a key. */
async function earlier(key: string): Promise<Outgoing | undefined> {
  const query = { user: session.user?.id, limit: 100 };
  const { items } = await call(api.GET('/outbox', { params: { query } }));
  return items.find((m) => m.idempotency_key === key);
}

/** What became of a submission: taken now, or an earlier version that the writer has changed since is sent already. */
export interface Submitted {
  outgoing: Outgoing;
  changed?: boolean;
}

/**
 * submit hands a letter to the service. Under its key it is one mail however often it is tried; progress is called
 * with the share that has been sent.
 */
export async function submit(letter: Letter, progress: (share: number) => void): Promise<Submitted> {
  const body = await submission(letter);
  const print = fingerprint(JSON.stringify({ ...body, attachments: letter.files.sent.map((f) => f.id) }));
  if (letter.attempted && letter.attempted !== print) {
    const outgoing = await earlier(letter.key);
    letter.key = randomId();
    letter.attempted = undefined;
    if (outgoing) return { outgoing, changed: true };
  }
  letter.attempted = print;
  await letter.keep();
  const params = { header: { 'Idempotency-Key': letter.key } };
  try {
    return { outgoing: await call(api.POST('/outbox', { body, params, fetch: uploading(progress) })) };
  } catch (e) {
    // Refused for certain: the key is free. Without an answer nobody knows.
    if (e instanceof ApiError && e.status >= 400 && e.status < 500) letter.attempted = undefined;
    throw e;
  }
}

/** wasSent tells of a kept draft whether the service has taken it before the page was closed. */
export async function wasSent(attempted: string | undefined, key: string): Promise<Outgoing | undefined> {
  return attempted ? earlier(key) : undefined;
}
