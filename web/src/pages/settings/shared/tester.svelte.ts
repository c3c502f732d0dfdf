import { api, call, type Schema } from '$lib/api/client';

/** Tester tests an account as it is stored, and keeps the report. */
export class Tester {
  running = $state(false);
  report = $state.raw<Schema<'TestResult'>>();
  error = $state.raw<unknown>();

  async run(id: number): Promise<void> {
    if (this.running) return;
    this.running = true;
    this.error = undefined;
    this.report = undefined;
    try {
      this.report = await call(api.POST('/accounts/{id}/test', { params: { path: { id } } }));
    } catch (e) {
      this.error = e;
    } finally {
      this.running = false;
    }
  }

  get open(): boolean {
    return this.running || this.report !== undefined || this.error !== undefined;
  }

  close(): void {
    this.report = undefined;
    this.error = undefined;
  }
}
