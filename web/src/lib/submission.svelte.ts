import { ApiError, errorText, fieldErrors } from '$lib/api/problem';

/** Submission is a form on its way to the service: whether it is, and what the service refused of it. */
export class Submission {
  busy = $state(false);
  failure = $state.raw<unknown>();
  readonly #fields: readonly string[];

  /** fields are those of the form that show their own errors, with all that is in them. */
  constructor(...fields: string[]) {
    this.#fields = fields;
  }

  /** The sentence for each field that was refused. */
  readonly errors = $derived.by(() => fieldErrors(this.failure));
  /** What went wrong where no field of the form shows it, "" when nothing did. */
  readonly loose = $derived.by(() =>
    this.failure && !Object.keys(this.errors).some(this.#shown) ? errorText(this.failure) : '',
  );
  /** What tests of a mailbox found that led to the refusal. */
  readonly reports = $derived.by(() => (this.failure instanceof ApiError ? this.failure.reports : undefined));

  #shown = (at: string) => this.#fields.some((f) => at === f || at.startsWith(f + '.') || at.startsWith(f + '['));

  /** run does the work, unless it is being done already, and keeps what goes wrong. */
  async run(work: () => Promise<unknown>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.failure = undefined;
    try {
      await work();
    } catch (e) {
      this.failure = e;
    } finally {
      this.busy = false;
    }
  }
}
