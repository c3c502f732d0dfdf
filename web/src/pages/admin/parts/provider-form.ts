import type { Schema } from '$lib/api/client';
import { serviceOf, type Service } from './provider';
import { serverOf, typedServer, type Side, type TypedServer } from './typed-server';

type Provider = Schema<'Provider'>;
type Server = Schema<'Server'>;
export type LoginForm = Schema<'Provider'>['username'] extends infer U ? NonNullable<U>[keyof NonNullable<U>] : never;
export type SignIn = 'password' | 'app' | 'either' | 'none';

/** A server as it is typed into the form of a provider. */
interface ProviderServer extends TypedServer {
  username: LoginForm;
}

/** The form of a provider. */
export interface ProviderText {
  name: string;
  service: Service;
  incoming: ProviderServer;
  outgoing: ProviderServer;
  signIn: SignIn;
  appPasswordURL: string;
  /** Days that passwords work for, empty for always. */
  passwordDays: string;
  notes: string;
  domains: string;
  savesSent: boolean;
}

function typed(side: Side, p?: Provider): ProviderServer {
  const server = p?.[side]?.[0];
  return { ...typedServer(side, server), username: (server && p?.username?.[server.protocol]) || 'email' };
}

function signInOf(p?: Provider): SignIn {
  const auth = p?.auth ?? ['pw'];
  if (auth.includes('none')) return 'none';
  if (!auth.includes('apppw')) return 'password';
  return auth.includes('pw') ? 'either' : 'app';
}

/** textOf is what the form begins with. */
export function textOf(p?: Provider, name = p?.name ?? ''): ProviderText {
  return {
    name,
    service: p ? serviceOf(p) : 'imap',
    incoming: typed('incoming', p),
    outgoing: typed('outgoing', p),
    signIn: signInOf(p),
    appPasswordURL: p?.app_password_url?.startsWith('https://') ? p.app_password_url : '',
    passwordDays: p?.password_days ? String(p.password_days) : '',
    notes: p?.notes ?? '',
    domains: p?.own ? (p.domains ?? []).join('\n') : '',
    savesSent: p?.saves_sent ?? false,
  };
}

const auths: Record<SignIn, string[]> = { password: ['pw'], app: ['apppw'], either: ['pw', 'apppw'], none: ['none'] };

/** fieldsOf is what the service is told; servers behind the first stay as they are. */
export function fieldsOf(text: ProviderText, was?: Provider): Schema<'ProviderFields'> {
  const relay = text.service === 'relay';
  const incomingProtocol = text.service === 'pop3' ? 'pop3' : 'imap';
  const servers = (side: Side): Server[] => {
    const t = text[side];
    const protocol = side === 'incoming' ? incomingProtocol : 'smtp';
    if (!t.host.trim() || (side === 'incoming' && relay)) return [];
    const rest = (was?.[side] ?? []).slice(1).filter((s) => s.protocol === protocol);
    return [serverOf(side, t, protocol), ...rest];
  };
  return {
    name: text.name,
    incoming: servers('incoming'),
    outgoing: servers('outgoing'),
    username: { [incomingProtocol]: text.incoming.username, smtp: text.outgoing.username },
    auth: auths[text.signIn === 'none' && !relay ? 'password' : text.signIn],
    app_password_url: text.appPasswordURL.trim(),
    password_days: Number(text.passwordDays.trim() || 0),
    notes: text.notes,
    domains: text.domains.split(/[\s,;]+/).filter(Boolean),
    saves_sent: text.savesSent,
  };
}
