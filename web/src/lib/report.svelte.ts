import { inside } from '$lib/base';
import { ApiError } from '$lib/api/problem';

/** What is known of a problem before a person says anything about it. */
interface Known {
  code: string;
  request: string;
  page: string;
}

const nothing: Known = { code: '', request: '', page: '' };

/** report is the dialog in which a person tells the administrators of a problem. */
export const report = $state({
  /** There is such a dialog: somebody is signed in. */
  available: false,
  open: false,
  known: nothing,
});

/** openReport opens the dialog, about an error or about nothing in particular. */
export function openReport(error?: unknown): void {
  const known = error instanceof ApiError ? { code: error.code, request: error.requestID } : { code: '', request: '' };
  report.known = { ...known, page: inside(location.pathname) };
  report.open = true;
}

/** worthReporting tells a defect from what people and mail servers do wrong. */
export function worthReporting(error: unknown): boolean {
  if (error === undefined) return false;
  return !(error instanceof ApiError) || error.status >= 500 || error.code === 'page.unexpected';
}
