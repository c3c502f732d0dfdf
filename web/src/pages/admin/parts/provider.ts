import type { Schema } from '$lib/api/client';
import { has, t } from '$lib/i18n';

type Provider = Schema<'Provider'>;

/** A word of the directory in the reader's language, or as it is where the catalogue has none. */
function word(area: string, value: string): string {
  const key = `admin.${area}.${value.replaceAll('-', '_')}`;
  return has(key) ? t(key) : value;
}

export const kindWord = (p: Provider): string => word('kind', p.kind);
export const signInWord = (method: string): string => word('auth', method);
export const statusWord = (p: Provider): string => word('provider.status', p.status);
export const statusTone = (p: Provider) =>
  p.status === 'ok' ? ('ok' as const) : p.status === 'prep' ? ('warn' as const) : ('danger' as const);

/** protocols are what a provider speaks, each once: "IMAP, POP3, SMTP". */
export function protocols(p: Provider): string {
  const all = [...(p.incoming ?? []), ...(p.outgoing ?? [])].map((s) => s.protocol.toUpperCase());
  return [...new Set(all)].join(', ');
}

/** What a provider is for: both directions by a protocol, or sending alone. */
export type Service = 'imap' | 'pop3' | 'relay';
export const services: Service[] = ['imap', 'pop3', 'relay'];

export function serviceOf(p: Provider): Service {
  if (!p.incoming?.length) return 'relay';
  return p.incoming[0]!.protocol === 'pop3' ? 'pop3' : 'imap';
}

/** serves tells whether a provider has servers for a service; many built-in ones have them for several. */
export const serves = (p: Provider, service: string): boolean =>
  service === 'relay' ? !p.incoming?.length && !!p.outgoing?.length : !!p.incoming?.some((s) => s.protocol === service);
