import type { Schema } from '$lib/api/client';
import { usualPort } from '../../settings/shared/server';

export type Side = 'incoming' | 'outgoing';
type Server = Schema<'Server'>;

/** A server as it is typed into a form. */
export interface TypedServer {
  host: string;
  port: string;
  security: 'tls' | 'starttls';
}

export function typedServer(side: Side, server?: Server): TypedServer {
  const security = server?.security === 'starttls' ? 'starttls' : 'tls';
  return { host: server?.host ?? '', port: String(server?.port ?? usualPort(side, security)), security };
}

/** serverOf is what was typed, as the service takes it. */
export function serverOf(side: Side, typed: TypedServer, protocol: Server['protocol']): Server {
  const port = Number(typed.port) || usualPort(side, typed.security, protocol);
  return { protocol, host: typed.host.trim(), port, security: typed.security };
}
