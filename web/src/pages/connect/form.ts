import type { Schema } from '$lib/api/client';
import type { Reading, Security, Side } from './server-text';

export type Step = 'address' | 'choose' | 'problem' | 'servers' | 'sign-in' | 'done';
export type Direction = 'both' | 'receive' | 'send';
export type LoginForm = 'usual' | 'address' | 'local' | 'custom';

export interface TypedServer {
  text: string;
  security: Security;
}

/** What a person types, all of it; nothing here is lost by an error or by going back. */
export const blank = (name = '') => ({
  address: '',
  incoming: { text: '', security: 'automatic' } as TypedServer,
  outgoing: { text: '', security: 'automatic' } as TypedServer,
  /** How the incoming server is read. */
  reading: 'imap' as Reading,
  byHand: false,
  direction: 'both' as Direction,
  plainReason: '',
  /** Servers that belong to another domain may have the password. */
  trusted: false,
  /** Where the provider has a page of its own to sign in on: a password all the same. */
  usePassword: false,
  password: '',
  loginForm: 'usual' as LoginForm,
  login: '',
  outgoingSignIn: 'same' as 'same' | 'own' | 'none',
  outgoingLogin: '',
  outgoingPassword: '',
  displayName: name,
  name: '',
  note: '',
  /** "me", "organisation", or the id of a user. */
  owner: 'me',
});

export type Form = ReturnType<typeof blank>;

/** What the form means, as far as the wizard has worked it out. */
export interface Meaning {
  address: string;
  providerID?: string;
  sides: Side[];
  /** Signs in with this, unless it is the usual login. */
  login: string;
  usualLogin: string;
  ownOutgoing: boolean;
  noSignIn: boolean;
  plain: boolean;
}

/** requestOf is what the service is asked to test or to save. */
export function requestOf(f: Form, m: Meaning): Schema<'ConnectRequest'> {
  // IMAP is what the service takes by itself.
  const reading = (side: Side) => (side === 'incoming' && f.reading === 'pop3' ? { protocol: f.reading } : {});
  const login = m.login.trim() === m.usualLogin ? '' : m.login.trim();
  const server = (side: Side): Schema<'ServerInput'> | undefined => {
    if (!m.sides.includes(side)) return undefined;
    let own = login;
    if (side === 'outgoing' && m.noSignIn) own = '';
    else if (side === 'outgoing' && m.ownOutgoing) own = f.outgoingLogin.trim();
    const typed = f.byHand ? { host: f[side].text.trim(), security: f[side].security, ...reading(side) } : {};
    return f.byHand || own ? { ...typed, ...(own ? { login: own } : {}) } : undefined;
  };
  const signsIn = !m.noSignIn || m.sides.includes('incoming');
  return {
    address: m.address,
    display_name: f.displayName.trim() || undefined,
    name: f.name.trim() || undefined,
    note: f.note.trim() || undefined,
    organisation: f.owner === 'organisation' || undefined,
    owner_id: Number(f.owner) || undefined,
    provider_id: m.providerID,
    incoming: server('incoming'),
    outgoing: server('outgoing'),
    send_only: !m.sides.includes('incoming') || undefined,
    receive_only: !m.sides.includes('outgoing') || undefined,
    password: signsIn ? f.password || undefined : undefined,
    outgoing_password: m.ownOutgoing ? f.outgoingPassword : undefined,
    no_sign_in: m.noSignIn || undefined,
    confirm_servers: f.trusted || undefined,
    plain_reason: m.plain ? f.plainReason.trim() : undefined,
  };
}
