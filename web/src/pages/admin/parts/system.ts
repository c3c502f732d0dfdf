import { api, call } from '$lib/api/client';

/** systemAccount finds the system's account, 0 when there is none: whoever sends passes it over, or sends from it. */
export async function systemAccount(): Promise<number> {
  const r = await call(api.GET('/resolve'));
  if (r.level === 'system') return r.account_id ?? 0;
  const passed = r.passed_over?.find((p) => p.level === 'system');
  if (passed) return passed.account_id;
  if (!r.account_id) return 0;
  // An account that reaches us in several ways is named once only.
  const { items } = await call(api.GET('/assignments', { params: { query: { account: r.account_id } } }));
  return items.some((a) => a.system) ? r.account_id : 0;
}

/** setSystemAccount makes an account the system's; 0 means none. */
export const setSystemAccount = (id: number): Promise<unknown> =>
  call(api.PUT('/system-account', { body: { account_id: id } }));
