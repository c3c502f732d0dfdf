import { api, call, type Schema } from '$lib/api/client';

type User = Schema<'User'>;

/** Somebody whose mail would not leave. */
export interface Stuck {
  user: User;
  /** Nobody sends, or the account that does is in trouble. */
  why: 'nobody' | 'held';
  address: string;
  account: number;
}

/** How many questions are under way at a time. */
const atOnce = 4;

/** Everyone asks for each user who would send, and keeps those whose mail would not leave. */
export class Everyone {
  running = $state(false);
  done = $state(0);
  total = $state(0);
  stuck = $state.raw<Stuck[]>([]);
  error = $state.raw<unknown>();
  #stop: AbortController | undefined;

  async check(users: User[]): Promise<void> {
    this.stop();
    const { signal } = (this.#stop = new AbortController());
    const queue = users.filter((u) => !u.disabled);
    this.running = true;
    this.error = undefined;
    this.stuck = [];
    this.done = 0;
    this.total = queue.length;
    const worker = async () => {
      for (let u = queue.shift(); u && !signal.aborted; u = queue.shift()) {
        const r = await call(api.GET('/resolve', { params: { query: { user: u.id } }, signal }));
        this.done++;
        if (r.level === 'none') this.stuck = [...this.stuck, { user: u, why: 'nobody', address: '', account: 0 }];
        else if (r.held)
          this.stuck = [...this.stuck, { user: u, why: 'held', address: r.address ?? '', account: r.account_id ?? 0 }];
      }
    };
    try {
      await Promise.all(Array.from({ length: atOnce }, worker));
    } catch (e) {
      if (!signal.aborted) this.error = e;
    } finally {
      if (this.#stop?.signal === signal) this.running = false;
    }
  }

  stop(): void {
    this.#stop?.abort();
    this.running = false;
  }
}
