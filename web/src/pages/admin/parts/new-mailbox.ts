import { api, call, type Schema } from '$lib/api/client';
import { errorText } from '$lib/api/problem';

/** The mailbox of a new user as it was typed. */
export interface NewMailbox {
  address: string;
  password: string;
  /** The user is asked for the password by a link. */
  ask: boolean;
}

/** What is left to do for the mailbox of a user who was just added: hand over a link, or connect it after all. */
export interface Left {
  user: Schema<'User'>;
  address: string;
  url?: string;
  problem?: string;
}

/** mailboxLeft connects the mailbox of a new user and returns what is left to do, nothing when all is done. */
export async function mailboxLeft(user: Schema<'User'>, box: NewMailbox): Promise<Left | undefined> {
  const address = box.address.trim();
  const account = { address, owner_id: user.id, display_name: user.name };
  try {
    if (box.ask) {
      const { url } = await call(api.POST('/connect/ask', { body: { account } }));
      return { user, address, url };
    }
    await call(api.POST('/connect/save', { body: { ...account, password: box.password } }));
    return undefined;
  } catch (e) {
    return { user, address, problem: errorText(e) };
  }
}
