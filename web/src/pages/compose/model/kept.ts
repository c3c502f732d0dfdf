import type { Kind } from '../compose.svelte';
import type { Address } from './addresses';
import type { Doc } from './text';

/** A file of a draft. Its bytes are kept apart, or lie in a stored message. */
export interface KeptFile {
  id: string;
  name: string;
  type: string;
  size: number;
  /** It stands in the text, cited by its id. */
  inline?: boolean;
  /** The stored message and its part, for a file that is forwarded. */
  source?: { message: number; part: number };
}

/** A draft as this browser keeps it. */
export interface Kept {
  id: string;
  user: number;
  created: number;
  saved: number;
  kind: Kind;
  parent?: number;
  /** Who and what is answered, for the title. */
  about?: string;
  /** The account chosen by hand, or 0. */
  account: number;
  /** The template that it is made from. */
  template?: { id: number; name: string };
  to: Address[];
  cc: Address[];
  bcc: Address[];
  /** What stands in the address fields and is no address yet. */
  typed: { to: string; cc: string; bcc: string };
  subject: string;
  mode: 'rich' | 'plain';
  doc: Doc;
  text: string;
  /** The signature that the text ends with, as the account has it. */
  signature: string;
  files: KeptFile[];
  /** Ready: the writer pressed send. Discarded: thrown away, but it can still come back. */
  state: 'writing' | 'ready' | 'discarded';
  /** Names this mail at the service, so that a repetition is not a second mail. */
  key: string;
  /** What was submitted under the key without an answer. */
  attempted?: string;
}
