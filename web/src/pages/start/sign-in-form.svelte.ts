import { api, call } from '$lib/api/client';
import { ApiError, errorText, fieldErrors } from '$lib/api/problem';
import { t } from '$lib/i18n';
import { signedIn } from '$lib/session.svelte';
import { wait } from './wait.svelte';

/** signInForm is the state of a form that asks for a password. Call it while a component is made. */
export function signInForm() {
  let busy = $state(false);
  let failure = $state('');
  let errors = $state.raw<Record<string, string>>({});
  let until = $state(0);
  const left = wait(() => until);

  return {
    get busy() {
      return busy;
    },
    /** What went wrong, where it belongs to no field. */
    get failure() {
      return failure;
    },
    get errors() {
      return errors;
    },
    /** Seconds until the next try, after too many. */
    get wait() {
      return left.seconds;
    },
    clear() {
      failure = '';
      errors = {};
    },
    /** submit signs in and reports whether that worked. */
    async submit(email: string, password: string): Promise<boolean> {
      if (busy || left.seconds > 0) return false;
      this.clear();
      if (!email.trim()) errors = { email: t('start.sign_in.email_needed') };
      else if (!password) errors = { password: t('start.sign_in.password_needed') };
      if (Object.keys(errors).length) return false;
      busy = true;
      try {
        signedIn(await call(api.POST('/session', { body: { email: email.trim(), password } })));
        return true;
      } catch (e) {
        if (e instanceof ApiError && e.status === 429) until = Date.now() + (e.retryAfter || 60) * 1000;
        else {
          errors = fieldErrors(e);
          if (e instanceof ApiError && e.code === 'signin.bad_credentials') errors = { password: errorText(e) };
          if (!Object.keys(errors).length) failure = errorText(e);
        }
        return false;
      } finally {
        busy = false;
      }
    },
  };
}
