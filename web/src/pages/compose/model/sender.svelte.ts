import { accounts } from '$lib/accounts.svelte';
import { api, call, type Schema } from '$lib/api/client';

type Resolution = Schema<'Resolution'>;

/** An account that can be chosen to send. */
export interface SenderOption {
  id: number;
  address: string;
  name: string;
  /** Mail waits, because the account is in trouble. */
  held: boolean;
}

/** Sender is who sends a mail and why, as the service decides it. */
export class Sender {
  /** The account chosen by hand, or 0. */
  chosen = $state(0);
  /** The template that the mail is made from, or 0. */
  template = 0;
  resolution = $state.raw<Resolution>();
  error = $state.raw<unknown>();
  options = $state.raw<SenderOption[]>([]);
  #turn = 0;

  /** The signature of who sends now; undefined when this page does not know it. */
  get signature(): string | undefined {
    const id = this.resolution?.account_id;
    return id
      ? (accounts
          .byId(id)
          ?.signature?.replaceAll('\r\n', '\n')
          .replace(/^\n+|\n+$/g, '') ?? '')
      : undefined;
  }

  /** resolve asks the service again: who sends when account (0: nobody) is chosen in the message. */
  async resolve(account: number): Promise<void> {
    const turn = ++this.#turn;
    this.chosen = account;
    const template = this.template || undefined;
    const ask = (chosen: number) =>
      call(api.GET('/resolve', { params: { query: { account: chosen || undefined, template } } }));
    try {
      const [resolution, usual] = await Promise.all([ask(account), account ? ask(0) : undefined]);
      if (turn !== this.#turn) return;
      this.resolution = resolution;
      this.options = options([resolution, usual ?? resolution]);
      this.error = undefined;
    } catch (e) {
      if (turn === this.#turn) this.error = e;
    }
  }
}

function options(answers: Resolution[]): SenderOption[] {
  const found = new Map<number, SenderOption>();
  for (const r of answers) {
    if (r.account_id && r.level !== 'none')
      found.set(r.account_id, {
        id: r.account_id,
        address: r.address ?? '',
        name: r.name ?? '',
        held: r.held ?? false,
      });
    for (const p of r.passed_over ?? [])
      // The system's account sends when nobody else can; it is not for choosing.
      if (p.why === 'outranked' && p.level !== 'system' && p.account_id && !found.has(p.account_id))
        found.set(p.account_id, { id: p.account_id, address: p.address, name: p.name, held: !p.healthy });
  }
  return [...found.values()].sort((a, b) => a.address.localeCompare(b.address));
}
