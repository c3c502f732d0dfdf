import type { Schema } from '$lib/api/client';

export type Side = 'incoming' | 'outgoing';
export type Security = Schema<'Server'>['security'];
/** How a mailbox is read. */
export type Reading = 'imap' | 'pop3';
type Protocol = Schema<'Server'>['protocol'];

/** Why a text names no server; the texts of connect.typed.* say it. */
export type Mistake = 'host' | 'port' | 'scheme' | 'path' | 'protocol' | 'security';

/** What a typed server means. */
export interface Understood {
  protocol: Protocol;
  host: string;
  /** What will be tried, in order: several while security is automatic. */
  tries: { port: number; security: Security }[];
  /** The text itself says how the connection is protected, whatever was chosen beside it. */
  fixed: boolean;
  /** The text itself says the protocol. */
  named: boolean;
}

const schemes: Record<string, [Protocol, Security]> = {
  imap: ['imap', 'automatic'],
  imaps: ['imap', 'tls'],
  pop3: ['pop3', 'automatic'],
  pop: ['pop3', 'automatic'],
  pop3s: ['pop3', 'tls'],
  pops: ['pop3', 'tls'],
  smtp: ['smtp', 'automatic'],
  smtps: ['smtp', 'tls'],
  submission: ['smtp', 'starttls'],
  submissions: ['smtp', 'tls'],
};

/** Ports that people know for STARTTLS. */
const startTLSPorts = [25, 110, 143, 587, 2525];

function defaultPort(protocol: Protocol, security: Security): number {
  const tls = security === 'tls';
  return { imap: tls ? 993 : 143, pop3: tls ? 995 : 110, smtp: tls ? 465 : 587 }[protocol];
}

/** ipv6 returns an IPv6 address in its shortest form, "" for anything else. */
function ipv6(text: string): string {
  if (!/^[0-9a-f:.]+$/i.test(text) || !text.includes(':') || !URL.canParse(`http://[${text}]/`)) return '';
  return new URL(`http://[${text}]/`).hostname.slice(1, -1);
}

/** cleanHost returns a host in ASCII and lower case, "" when it is neither a name nor an address. */
function cleanHost(host: string): string {
  const address = ipv6(host);
  if (address) return address;
  let name = host.replace(/\.$/, '').toLowerCase();
  // The browser turns international names into A-labels as look-ups need them.
  if (/[^\x20-\x7e]/.test(name)) name = URL.canParse(`http://${name}/`) ? new URL(`http://${name}/`).hostname : '';
  const label = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
  return name.length <= 253 && name.split('.').every((l) => label.test(l)) ? name : '';
}

/** split takes "host[:port[:security]]" apart, with IPv6 in brackets or bare. */
function split(text: string): [host: string, port: string, security: string] | undefined {
  if (ipv6(text)) return [text, '', ''];
  const bracket = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  if (text.startsWith('[') && !bracket) return undefined;
  const [host, ...rest] = bracket ? [bracket[1]!, ...(bracket[2] ?? '').split(':')] : text.split(':');
  return [host!, rest[0] ?? '', rest.slice(1).join(':').toLowerCase()];
}

/**
 * understand reads what a person types into a server field, "host", "host:port", "[::1]:port", "host:port:security" or
 * a URL, as the service will: security is never derived from the port. The service has the last word.
 */
export function understand(
  typed: string,
  side: Side,
  chosen: Security = 'automatic',
  reading: Reading = 'imap',
): Understood | Mistake {
  let protocol: Protocol = side === 'incoming' ? reading : 'smtp';
  let security = chosen;
  let text = typed.trim();
  let fixed = false;
  const url = /^(.*?):\/\/(.*)$/s.exec(text);
  if (url) {
    const known = schemes[url[1]!.toLowerCase()];
    if (!known) return 'scheme';
    protocol = known[0];
    if (known[1] !== 'automatic') [security, fixed] = [known[1], true];
    text = url[2]!.replace(/\/+$/, '');
    if (/[@/?#\s]/.test(text)) return 'path';
  }
  const parts = split(text);
  const host = parts && cleanHost(parts[0]);
  if (!parts || !host) return 'host';
  const [, portText, securityText] = parts;
  if (securityText) {
    if (!['none', 'starttls', 'tls', 'automatic'].includes(securityText)) return 'security';
    [security, fixed] = [securityText as Security, true];
  }
  const port = portText === '' ? 0 : /^\+?\d+$/.test(portText) ? Number(portText) : -1;
  if (port < 0 || port > 65535 || (portText !== '' && port === 0)) return 'port';
  if ((protocol === 'smtp') !== (side === 'outgoing')) return 'protocol';
  const order: Security[] =
    security !== 'automatic' ? [security] : startTLSPorts.includes(port) ? ['starttls', 'tls'] : ['tls', 'starttls'];
  return {
    protocol,
    host,
    fixed,
    named: !!url,
    tries: order.map((s) => ({ port: port || defaultPort(protocol, s), security: s })),
  };
}
