import { base } from '$lib/base';
import createClient from 'openapi-fetch';
import { ApiError, offline } from './problem';
import type { components, paths } from './schema';

/** The words of the API, by the names of the OpenAPI document. */
export type Schema<K extends keyof components['schemas']> = components['schemas'][K];

/**
 * The public API, typed by its OpenAPI document. Requests carry the session's cookie; the API takes a list as one
 * value, separated by commas.
 */
export const api = createClient<paths>({
  baseUrl: base + '/api/v1',
  credentials: 'same-origin',
  querySerializer: { array: { style: 'form', explode: false } },
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

const signedOut = new Set<() => void>();

/** onSignedOut calls fn whenever an answer says that the session has ended. It returns how to stop that. */
export function onSignedOut(fn: () => void): () => void {
  signedOut.add(fn);
  return () => signedOut.delete(fn);
}

/** call waits for a request of api and returns its data, or throws an ApiError. */
export async function call<T>(request: Promise<Answer<T>>): Promise<T> {
  return (await versioned(request)).data;
}

/** versioned is call for what has a version: etag is what If-Match wants, to change no other version than this. */
export async function versioned<T>(request: Promise<Answer<T>>): Promise<{ data: T; etag: string }> {
  let answer: Answer<T>;
  try {
    answer = await request;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw offline(cause);
  }
  if (answer.response.ok) return { data: answer.data as T, etag: answer.response.headers.get('ETag') ?? '' };
  const error = ApiError.from(answer.response, answer.error);
  if (error.code === 'session.ended' || (error.status === 401 && !answer.response.url.endsWith('/session')))
    signedOut.forEach((fn) => fn());
  throw error;
}

/** everyPage collects the items of all pages of a list. */
export async function everyPage<T>(
  fetchPage: (cursor?: string) => Promise<{ items: T[]; next?: string }>,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await fetchPage(cursor);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor);
  return items;
}
