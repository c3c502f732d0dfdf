import { base } from '$lib/base';
import type { Schema } from '$lib/api/client';
import { refreshSession } from '$lib/session.svelte';

export type Event = Schema<'Event'>;
export type EventType = Event['type'];

/** Data of load.progress and load.done. */
export interface LoadData {
  folder_id: number;
  role?: string;
  loaded: number;
  wanted: number;
}

/** Data of messages.new, messages.changed and messages.removed. */
export interface MessagesData {
  folder_id: number;
  message_ids: number[];
}

/** Data of outgoing.state. */
export interface OutgoingData {
  outgoing_id: number;
  state: Schema<'OutgoingMessage'>['state'];
  code?: string;
}

const types: EventType[] = [
  'account.connected',
  'account.updated',
  'account.health',
  'account.deleted',
  'load.progress',
  'load.done',
  'messages.new',
  'messages.changed',
  'messages.removed',
  'outgoing.state',
  'notices.changed',
];

type Listener = (e: Event) => void;

const listeners = new Map<EventType, Set<Listener>>();
const returns = new Set<() => void>();
let online = $state(true);
let source: EventSource | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let last = '';

/** connection tells whether events arrive. */
export const connection = {
  get online() {
    return online;
  },
};

/** onEvent calls fn with each event of these types. It returns how to stop that. */
export function onEvent(wanted: EventType[] | '*', fn: Listener): () => void {
  const all = wanted === '*' ? types : wanted;
  for (const type of all) {
    if (!listeners.has(type)) listeners.set(type, new Set());
    listeners.get(type)!.add(fn);
  }
  return () => all.forEach((type) => listeners.get(type)?.delete(fn));
}

/** onReturn calls fn when the stream is back after it was lost: events may have run out meanwhile. */
export function onReturn(fn: () => void): () => void {
  returns.add(fn);
  return () => returns.delete(fn);
}

/** cameBack calls what onReturn was given: the service, or the session, is back. */
export function cameBack(): void {
  returns.forEach((fn) => fn());
}

function open(): void {
  source = new EventSource(base + '/api/v1/events' + (last ? `?after=${last}` : ''));
  source.onopen = () => {
    if (!online) {
      online = true;
      cameBack();
    }
  };
  source.onerror = () => {
    online = false;
    // The browser comes back by itself, but not after a refusal: that may be the end of the session.
    if (source?.readyState !== EventSource.CLOSED) return;
    void refreshSession();
    clearTimeout(retry);
    retry = setTimeout(open, 5000);
  };
  for (const type of types)
    source.addEventListener(type, (message: MessageEvent<string>) => {
      last = message.lastEventId;
      const event = JSON.parse(message.data) as Event;
      listeners.get(type)?.forEach((fn) => fn(event));
    });
}

/** startEvents opens the stream that all parts of the page share. It returns how to close it. */
export function startEvents(): () => void {
  open();
  const lost = () => (online = false);
  const found = () => {
    if (source?.readyState === EventSource.OPEN) online = true;
  };
  addEventListener('offline', lost);
  addEventListener('online', found);
  return () => {
    source?.close();
    source = undefined;
    clearTimeout(retry);
    removeEventListener('offline', lost);
    removeEventListener('online', found);
    online = true;
    last = '';
  };
}
