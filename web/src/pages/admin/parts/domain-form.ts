import type { Schema } from '$lib/api/client';
import { usualPort } from '../../settings/shared/server';

type Server = Schema<'Server'>;

/** A server as it is typed into the form of a domain. */
export interface TypedServer {
  host: string;
  port: string;
  security: 'tls' | 'starttls';
}

export function typedServer(side: 'incoming' | 'outgoing', server?: Server): TypedServer {
  const security = server?.security === 'starttls' ? 'starttls' : 'tls';
  return { host: server?.host ?? '', port: String(server?.port ?? usualPort(side, security)), security };
}

/** serversOf is a side of the mapping: nothing where no host was typed; further servers stay as they are. */
export function serversOf(side: 'incoming' | 'outgoing', typed: TypedServer, before: Server[] = []): Server[] {
  const host = typed.host.trim();
  if (!host) return [];
  const protocol = side === 'incoming' ? 'imap' : 'smtp';
  const port = Number(typed.port) || usualPort(side, typed.security);
  return [{ protocol, host, port, security: typed.security }, ...before.slice(1)];
}
