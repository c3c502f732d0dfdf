import { api, call, type Schema } from '$lib/api/client';

/** Who is given accounts: a user or a profile. */
export interface Receiver {
  kind: 'user' | 'profile';
  id: number;
  name: string;
}

export type Right = Schema<'NewAssignment'>['rights'][number];

export const allRights: Right[] = ['read', 'send', 'manage'];

/** give gives an account to a user or to a profile. */
export const give = (to: Receiver, account_id: number, rights: Right[], priority: number): Promise<unknown> =>
  call(
    api.POST('/assignments', {
      body: { account_id, rights, priority, ...(to.kind === 'user' ? { user_id: to.id } : { profile_id: to.id }) },
    }),
  );
