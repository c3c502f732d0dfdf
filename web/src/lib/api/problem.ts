import { has, t } from '$lib/i18n';
import type { components } from './schema';

type Problem = Partial<components['schemas']['Problem']>;

/** ApiError is a refusal or failure of the API (RFC 9457), or of the way to it. */
export class ApiError extends Error {
  /** HTTP status; 0 when the service could not be reached. */
  readonly status: number;
  /** Stable code, such as "auth.bad_credentials". */
  readonly code: string;
  readonly title: string;
  /** The service's own sentence, in English. */
  readonly detail: string;
  readonly field: string;
  readonly errors: { field: string; detail: string }[];
  readonly reports: Problem['reports'];
  /** The first of the things for whose sake something was refused. */
  readonly usedBy: NonNullable<Problem['used_by']>;
  readonly requestID: string;
  /** Seconds after which a repetition makes sense; 0 when not told. */
  readonly retryAfter: number;

  constructor(status: number, problem: Problem, retryAfter = 0) {
    super(problem.detail || problem.title || `status ${status}`);
    this.name = 'ApiError';
    this.status = status;
    this.code = problem.code ?? (status === 0 ? 'page.offline' : 'page.unexpected');
    this.title = problem.title ?? '';
    this.detail = problem.detail ?? '';
    this.field = problem.field ?? '';
    this.errors = (problem.errors ?? []).map((e) => ({ field: e.field ?? '', detail: e.detail ?? '' }));
    this.reports = problem.reports;
    this.usedBy = problem.used_by ?? [];
    this.requestID = problem.request_id ?? '';
    this.retryAfter = retryAfter;
  }

  static from(response: Response, body: unknown): ApiError {
    const problem = typeof body === 'object' && body !== null ? (body as Problem) : {};
    return new ApiError(response.status, problem, Number(response.headers.get('Retry-After')) || 0);
  }
}

/** offline is the error of a request that got no answer. */
export function offline(cause: unknown): ApiError {
  return new ApiError(0, { code: 'page.offline', detail: cause instanceof Error ? cause.message : '' });
}

/** errorText says what went wrong in the reader's language, or in the service's own words where no catalogue has them. */
export function errorText(error: unknown): string {
  if (!(error instanceof ApiError)) return t('errors.page.unexpected.cause');
  const key = `errors.${error.code}.cause`;
  return has(key) ? t(key) : error.detail || t('errors.page.unexpected.cause');
}

/** errorAction says what to do about it, "" when nobody knows. */
export function errorAction(error: unknown): string {
  if (!(error instanceof ApiError)) return '';
  const key = `errors.${error.code}.action`;
  return has(key) ? t(key) : '';
}

/** fieldErrors gives the sentence for each field of a form that the service refused. */
export function fieldErrors(error: unknown): Record<string, string> {
  if (!(error instanceof ApiError)) return {};
  const out: Record<string, string> = {};
  for (const e of error.errors) if (e.field && !(e.field in out)) out[e.field] = e.detail;
  if (error.field) out[error.field] = errorText(error);
  return out;
}
