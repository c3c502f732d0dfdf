import type { Schema } from '$lib/api/client';
import type { Security, Side } from './server-text';

export type Kind = 'password' | 'app' | 'either' | 'key' | 'smtp' | 'bridge';

/** A server that is known, with the login that it takes; "" when the person must type it. */
export interface KnownServer {
  host: string;
  port: number;
  security: Security;
  protocol: Schema<'Server'>['protocol'];
  login: string;
}

/** What the wizard knows of the mail service behind an address: found by the address, or chosen from the list. */
export interface Service {
  id: string;
  name: string;
  servers: Record<Side, KnownServer[]>;
  /** What the service takes to sign in. */
  kind: Kind;
  /** The apps by which people sign in on its own page. */
  offers: Schema<'OAuthOffer'>[];
  /** It takes passwords, too. */
  password: boolean;
  /** It is a relay that takes mail without a sign-in. */
  open: boolean;
  /** What administrators tell of a service that they added. */
  notes: string;
  instructions: Schema<'Instruction'>[];
  checkedIn: string;
  appPasswordURL: string;
  enableURL: string;
  /** Why it cannot be connected: the last part of a key of texts, "" when it can. */
  problem: '' | 'unsupported' | 'oauth_only' | 'hidden';
}

const keys: Record<string, Kind> = {
  pw: 'password',
  apppw: 'app',
  'api-key': 'key',
  'smtp-credentials': 'smtp',
  'bridge-pw': 'bridge',
};

/** kindOf says what to ask for, from the sign-in methods of a service, best first. */
function kindOf(auth: string[]): Kind {
  if (auth.includes('pw') && auth.includes('apppw')) return 'either';
  for (const method of auth) if (keys[method]) return keys[method];
  return 'password';
}

/** takesPassword says whether there is another way than the service's own page; one of which nothing is known may have it. */
const takesPassword = (auth: string[]) => !auth.length || auth.some((method) => method in keys || method === 'none');

function problemOf(code: string | undefined): Service['problem'] {
  if (code === 'policy.provider' || code === 'provider.hidden') return 'hidden';
  return code === 'provider.oauth_only' ? 'oauth_only' : code ? 'unsupported' : '';
}

/** fromDiscovery is the service that an address belongs to, undefined when nobody knows. */
export function fromDiscovery(found: Schema<'DiscoveryResult'>): Service | undefined {
  if (!found.provider.name && !found.incoming.length && !found.outgoing.length) return undefined;
  const known = ({ host, port, security, protocol, username }: Schema<'DiscoveryCandidate'>): KnownServer => ({
    host,
    port,
    security,
    protocol,
    login: username,
  });
  const methods = (found.incoming[0] ?? found.outgoing[0])?.auth ?? [];
  return {
    id: found.provider.id,
    name: found.provider.name,
    servers: { incoming: found.incoming.map(known), outgoing: found.outgoing.map(known) },
    kind: kindOf(methods),
    offers: found.oauth ?? [],
    password: takesPassword(methods),
    open: (found.outgoing[0]?.auth ?? []).includes('none'),
    notes: found.checked_in ? '' : (found.notes ?? ''),
    instructions: found.instructions ?? [],
    checkedIn: found.checked_in ?? '',
    appPasswordURL: found.app_password_url ?? '',
    enableURL: found.enable_url ?? '',
    problem: problemOf(found.problem_code),
  };
}

/** fromProvider is a service chosen from the list, for an address. */
export function fromProvider(p: Schema<'Provider'>, address: string): Service {
  const known = ({ host, port, security, protocol }: Schema<'Server'>): KnownServer => {
    const form = p.username?.[protocol];
    const login = form === 'local' ? address.slice(0, address.lastIndexOf('@')) : form === 'custom' ? '' : address;
    return { host, port, security, protocol, login };
  };
  const auth = p.auth ?? [];
  return {
    id: p.id,
    name: p.name,
    servers: { incoming: (p.incoming ?? []).map(known), outgoing: (p.outgoing ?? []).map(known) },
    kind: kindOf(auth),
    open: auth.includes('none'),
    notes: p.checked_in ? '' : (p.notes ?? ''),
    instructions: p.instructions ?? [],
    checkedIn: p.checked_in ?? '',
    appPasswordURL: p.app_password_url ?? '',
    enableURL: p.enable_url ?? '',
    offers: p.oauth ?? [],
    password: takesPassword(auth),
    problem: p.status === 'broken' ? 'unsupported' : takesPassword(auth) || p.oauth?.length ? '' : 'oauth_only',
  };
}
