import { openCompose } from '../compose/compose.svelte';
import type { Message } from './marks';

/** answer opens a window to reply to a message or to forward it. */
export function answer(kind: 'reply' | 'reply_all' | 'forward', row: Message): void {
  openCompose({ kind, parent: row.id, account: row.account_id });
}
