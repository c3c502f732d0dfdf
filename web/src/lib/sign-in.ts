import { api, call, type Schema } from '$lib/api/client';

/** What a sign-in at a provider was begun for: this page is gone while the person is there. */
export interface Begun {
  address: string;
  /** The account that is signed in for again; a new one has none. */
  account?: number;
}

const keyOf = (state: string) => `sign-in:${state}`;

/** leaveFor opens the provider's page. What comes back is taken by /oauth/callback. */
function leaveFor(signIn: Schema<'SignIn'>, begun: Begun): void {
  sessionStorage.setItem(keyOf(signIn.state), JSON.stringify(begun));
  location.assign(signIn.url);
}

/** begunFor says what the sign-in with this state was begun for. */
export function begunFor(state: string): Begun | undefined {
  const kept = sessionStorage.getItem(keyOf(state));
  return kept ? (JSON.parse(kept) as Begun) : undefined;
}

/** ended forgets a sign-in. */
export const ended = (state: string): void => sessionStorage.removeItem(keyOf(state));

/** signInFor begins to connect a mailbox by a sign-in at its provider. */
export async function signInFor(body: Schema<'BeginSignIn'>, signal?: AbortSignal): Promise<void> {
  leaveFor(await call(api.POST('/connect/sign-in', { body, signal })), { address: body.address });
}

/** signInAgain begins a sign-in for an account that is there. */
export async function signInAgain(account: Schema<'Account'>, app?: number): Promise<void> {
  const params = { path: { id: account.id } };
  const begun = await call(api.POST('/accounts/{id}/sign-in', { params, body: { app_id: app } }));
  leaveFor(begun, { address: account.address, account: account.id });
}
