import type { Schema } from '$lib/api/client';
import { serverOf, type Side, type TypedServer } from './typed-server';

type Server = Schema<'Server'>;

/** protocolOf is what a side of a domain speaks: what it spoke, for a new one the usual. */
export const protocolOf = (side: Side, before: Server[] = []): Server['protocol'] =>
  before[0]?.protocol ?? (side === 'incoming' ? 'imap' : 'smtp');

/** serversOf is a side of the mapping: nothing where no host was typed; further servers stay as they are. */
export function serversOf(side: Side, typed: TypedServer, before: Server[] = []): Server[] {
  if (!typed.host.trim()) return [];
  return [serverOf(side, typed, protocolOf(side, before)), ...before.slice(1)];
}
