import { accounts } from '$lib/accounts.svelte';
import { api, call, type Schema } from '$lib/api/client';
import { ApiError } from '$lib/api/problem';
import { person } from '$lib/format';
import type { ComposeRequest, Kind } from '../compose.svelte';
import { merged, type Address } from './addresses';
import type { KeptFile } from './kept';
import { randomId } from './random';

/** What a mail begins with. */
export interface Beginning {
  account: number;
  to: Address[];
  cc: Address[];
  subject: string;
  text: string;
  signature: string;
  files: KeptFile[];
  /** Who wrote the mail that is answered or forwarded. */
  about: string;
}

/** begin asks the service for the draft that a request means. */
export async function begin(request: ComposeRequest): Promise<Beginning> {
  const { kind, parent, account = 0 } = request;
  return parent && kind !== 'new' ? answer(parent, kind, account) : fresh(request);
}

async function fresh({ to = [], account = 0 }: ComposeRequest): Promise<Beginning> {
  let text = '';
  try {
    ({ text = '' } = await call(api.GET('/draft')));
  } catch (e) {
    // Nobody may send yet, or the service is out of reach: writing can begin all the same.
    if (!(e instanceof ApiError) || (e.code !== 'send.no_sender' && e.status !== 0)) throw e;
  }
  const signature = text.split(/^-- \n/m)[1]?.replace(/\n+$/, '') ?? '';
  return { account, to, cc: [], subject: '', text, signature, files: [], about: '' };
}

async function answer(id: number, kind: Kind, account: number): Promise<Beginning> {
  const params = { path: { id }, query: { kind } };
  const [draft, parent] = await Promise.all([
    call(api.GET('/messages/{id}/draft', { params })),
    call(api.GET('/messages/{id}', { params: { path: { id } } })),
  ]);
  const sender = account || draft.account_id || 0;
  return {
    account: sender,
    to: merged([], draft.to ?? []),
    cc: draft.cc ?? [],
    subject: draft.subject,
    text: draft.text ?? '',
    signature: (accounts.byId(draft.account_id ?? 0)?.signature ?? '')
      .replaceAll('\r\n', '\n')
      .replace(/^\n+|\n+$/g, ''),
    files: (draft.attachments ?? []).map((file) => forwarded(file, id, parent)),
    about: person(parent.from?.[0]),
  };
}

function forwarded(file: Schema<'DraftAttachment'>, parent: number, mail: Schema<'MessageDetail'>): KeptFile {
  const message = file.message_id ?? parent;
  const part = file.part ?? 0;
  const size = mail.attachments?.find((a) => a.part === part)?.size ?? 0;
  return { id: randomId(), name: file.name, type: file.media_type ?? '', size, source: { message, part } };
}
