import { api, call, type Schema } from '$lib/api/client';
import { onEvent, type OutgoingData } from '$lib/events.svelte';

export type Sent = Schema<'OutgoingMessage'>;
export type TypedResult = Schema<'MailTest'>;

/** What a test mail goes out from: an account, what a user sends with, or data that are not saved yet. */
export type TestSource =
  | { kind: 'account'; id: number; address: string }
  | { kind: 'user'; id: number; address: string }
  | { kind: 'typed'; address: string; body: () => Schema<'ConnectRequest'> };

/** How often a mail on its way is asked for, beside the events that tell of it. */
const every = 1000;

/** moving tells that more is to be expected of a test mail. */
export function moving(m: Sent): boolean {
  if (m.state === 'sending' || (m.state === 'queued' && !m.code)) return true;
  return m.state === 'accepted' && m.arrival?.state === 'waiting';
}

/** MailTester sends a test mail and follows it. */
export class MailTester {
  sending = $state(false);
  mail = $state.raw<Sent>();
  typed = $state.raw<TypedResult>();
  readonly running = $derived.by(() => this.sending || (!!this.mail && moving(this.mail)));

  async send(source: TestSource, asked: Schema<'TestMail'>): Promise<void> {
    this.clear();
    this.sending = true;
    try {
      const path = source.kind === 'typed' ? undefined : { id: source.id };
      if (source.kind === 'typed') {
        const { to, subject, text } = asked;
        this.typed = await call(
          api.POST('/connect/test-mail', { body: { account: source.body(), to, subject, text } }),
        );
      } else if (source.kind === 'account')
        this.mail = await call(api.POST('/accounts/{id}/test-mail', { params: { path: path! }, body: asked }));
      else this.mail = await call(api.POST('/users/{id}/test-mail', { params: { path: path! }, body: asked }));
    } finally {
      this.sending = false;
    }
  }

  clear(): void {
    this.mail = undefined;
    this.typed = undefined;
  }

  async #look(id: number): Promise<void> {
    try {
      const now = await call(api.GET('/outbox/{id}', { params: { path: { id } } }));
      if (this.mail?.id === id) this.mail = now;
    } catch {
      // The next look may find the service back.
    }
  }

  /** follow keeps the mail true until the returned function is called. */
  follow(): () => void {
    const stop = onEvent(['outgoing.state'], (e) => {
      const id = (e.data as OutgoingData).outgoing_id;
      if (id === this.mail?.id) void this.#look(id);
    });
    const timer = setInterval(() => {
      if (this.mail && moving(this.mail)) void this.#look(this.mail.id);
    }, every);
    return () => {
      stop();
      clearInterval(timer);
    };
  }
}
