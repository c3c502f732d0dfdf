import { api, call, onSignedOut, type Schema } from '$lib/api/client';
import { ApiError } from '$lib/api/problem';

type State = 'loading' | 'setup' | 'out' | 'in' | 'unreachable';

let state = $state<State>('loading');
let current = $state.raw<Schema<'Session'>>();
let failure = $state.raw<unknown>();

/** session is who is signed in. */
export const session = {
  get state() {
    return state;
  },
  get user(): Schema<'User'> | undefined {
    return current?.user;
  },
  get admin(): boolean {
    return current?.admin ?? false;
  },
  /** Why the state is "unreachable". */
  get error() {
    return failure;
  },
  /** The session ended under the person's hands: what is on the page stays until they are back. */
  get ended() {
    return state === 'out' && current !== undefined;
  },
};

/** signedIn takes the answer to a sign-in or a setup. */
export function signedIn(s: Schema<'Session'>): void {
  current = s;
  state = 'in';
}

/** changedUser takes what the signed-in user has changed about themselves. */
export function changedUser(user: Schema<'User'>): void {
  if (current?.user?.id === user.id) current = { ...current, user };
}

/** refreshSession asks the service who is signed in, and whether the first administrator is still to be made. */
export async function refreshSession(): Promise<void> {
  try {
    signedIn(await call(api.GET('/session')));
  } catch (e) {
    if (!(e instanceof ApiError) || (e.status !== 401 && e.status !== 403)) {
      failure = e;
      state = 'unreachable';
      return;
    }
    try {
      const { needed } = await call(api.GET('/setup'));
      // Who was signed in a moment ago keeps the page and is asked for the password: see ended.
      if (needed) current = undefined;
      state = needed ? 'setup' : 'out';
    } catch (again) {
      failure = again;
      state = 'unreachable';
    }
  }
}

/** signOut ends the session here and at the service. */
export async function signOut(): Promise<void> {
  await call(api.DELETE('/session'));
  current = undefined;
  state = 'out';
}

onSignedOut(() => {
  if (state === 'in') state = 'out';
});
