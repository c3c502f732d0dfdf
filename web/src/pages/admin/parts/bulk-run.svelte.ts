import { base } from '$lib/base';
import type { Schema } from '$lib/api/client';
import { lines } from '$lib/api/lines';
import { ApiError, offline } from '$lib/api/problem';

/** What became of a row. */
export interface Result {
  row: number;
  address: string;
  account_id?: number;
  outcome: 'changed' | 'refused' | 'unknown';
  code?: string;
  text?: string;
}

type Line = Result | { total: number } | { done: true };

/** BulkRun follows a bulk change, whose answer is a stream of lines: leaving it cancels what has not begun. */
export class BulkRun {
  total = $state(0);
  results = $state.raw<Result[]>([]);
  state = $state<'idle' | 'running' | 'done' | 'cancelled' | 'failed'>('idle');
  failure = $state.raw<unknown>();
  #running: AbortController | undefined;

  cancel = (): void => this.#running?.abort();

  async start(body: Schema<'BulkPasswords'>): Promise<void> {
    this.cancel();
    const mine = (this.#running = new AbortController());
    this.total = 0;
    this.results = [];
    this.failure = undefined;
    this.state = 'running';
    try {
      const answer = await fetch(base + '/api/v1/accounts/bulk-passwords', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
        signal: mine.signal,
        credentials: 'same-origin',
      });
      if (!answer.ok || !answer.body) throw ApiError.from(answer, await answer.json().catch(() => undefined));
      for await (const line of lines<Line>(answer.body)) this.#take(line);
      if (this.state === 'running') throw offline(undefined);
    } catch (e) {
      this.state = mine.signal.aborted ? 'cancelled' : 'failed';
      this.failure = mine.signal.aborted ? undefined : e instanceof ApiError ? e : offline(e);
    }
  }

  #take(line: Line): void {
    if ('total' in line) this.total = line.total;
    else if ('done' in line) this.state = 'done';
    else this.results = [...this.results, line].sort((a, b) => a.row - b.row);
  }
}
