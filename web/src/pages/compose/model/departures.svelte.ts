import { api, call, type Schema } from '$lib/api/client';
import { onEvent, onReturn, type OutgoingData } from '$lib/events.svelte';
import { t } from '$lib/i18n';
import { go } from '$lib/router.svelte';
import { session } from '$lib/session.svelte';
import { toast } from '$lib/ui';
import { hide, remove } from './letters.svelte';
import type { Letter } from './letter.svelte';
import { submit } from './submission';

type Outgoing = Schema<'OutgoingMessage'>;

/** How long a mail can be called back after "send", in seconds. */
export const patience = 8;

let onTheWay = $state.raw<{ id: string; share: number }[]>([]);
let troubled = $state.raw<Outgoing[]>([]);
const watched = new Map<number, () => void>();
let leaving = false;

addEventListener('pagehide', () => (leaving = true), { capture: true });
addEventListener('pageshow', () => (leaving = false));

/** departures are the mails that have left their windows. */
export const departures = {
  /** Being handed to the service, with the share that is there. */
  get uploading() {
    return onTheWay;
  },
  /** Handed over in this tab, and then something happened that a person should know. */
  get troubled() {
    return troubled;
  },
};

/** dismiss takes a mail from the troubled ones; the outbox still has it. */
export function dismiss(id: number): void {
  troubled = troubled.filter((m) => m.id !== id);
}

/** send hides a letter, and hands it over unless it is called back in time. A closed page keeps it as ready. */
export function send(letter: Letter): void {
  letter.problem = undefined;
  letter.phase = 'leaving';
  const kept = letter.keep();
  const show = hide(letter);
  const back = (asked: boolean) => {
    letter.phase = 'writing';
    show(asked);
    void letter.keep();
  };
  toast({
    text: t('compose.sending.soon', { seconds: patience }),
    seconds: patience,
    action: { label: t('compose.undo'), run: () => back(true) },
    ondone: () => {
      if (!leaving && session.user?.id === letter.user) void kept.then(() => depart(letter, back));
    },
  });
}

async function depart(letter: Letter, back: (asked: boolean) => void): Promise<void> {
  const entry = { id: letter.id, share: 0 };
  onTheWay = [...onTheWay, entry];
  try {
    const { outgoing, changed } = await submit(letter, (share) => {
      onTheWay = onTheWay.map((d) => (d.id === letter.id ? { ...d, share } : d));
    });
    if (changed) {
      back(false);
      toast({ text: t('compose.sending.changed'), tone: 'warn', action: link(outgoing), seconds: 15 });
      return;
    }
    remove(letter);
    arrived(outgoing);
  } catch (e) {
    back(false);
    letter.problem = e;
  } finally {
    onTheWay = onTheWay.filter((d) => d.id !== letter.id);
  }
}

const link = (m: Outgoing) => ({ label: t('compose.sending.view'), run: () => go(`/outbox/${m.id}`) });

/** arrived follows a mail that the service has until its fate is plain. */
function arrived(m: Outgoing): void {
  if (tell(m)) return;
  const away = toast({ text: t('compose.sending.on_the_way'), action: link(m), seconds: 30 });
  watched.set(m.id, away);
  // Its event may have come before the answer that gave it a name.
  void look(m.id);
}

/** tell says what became of a mail, and reports whether that is all. */
function tell(m: Outgoing): boolean {
  const refused = m.recipients.some((r) => r.state === 'rejected');
  if (m.state === 'accepted' && !refused) {
    toast({ text: t('compose.sending.sent'), tone: 'ok', action: link(m), seconds: 6 });
    return true;
  }
  const waits = m.state === 'queued' && m.code !== undefined && m.code !== '';
  if (!refused && !waits && !['held', 'unknown', 'rejected'].includes(m.state)) return m.state === 'cancelled';
  troubled = [...troubled.filter((other) => other.id !== m.id), m];
  return m.state === 'accepted' || m.state === 'rejected';
}

async function look(id: number): Promise<void> {
  const m = await call(api.GET('/outbox/{id}', { params: { path: { id } } })).catch(() => undefined);
  const away = watched.get(id);
  if (!m || !away) return;
  const before = troubled;
  const ended = tell(m);
  if (ended || troubled !== before) away();
  if (m.state === 'accepted') dismissUnlessRefused(m);
  if (ended) watched.delete(id);
}

function dismissUnlessRefused(m: Outgoing): void {
  if (!m.recipients.some((r) => r.state === 'rejected')) dismiss(m.id);
}

/** followDepartures listens to the service until the returned function is called. */
export function followDepartures(): () => void {
  const stops = [
    onEvent(['outgoing.state'], (e) => {
      const { outgoing_id } = e.data as OutgoingData;
      if (watched.has(outgoing_id)) void look(outgoing_id);
    }),
    onReturn(() => [...watched.keys()].forEach((id) => void look(id))),
  ];
  return () => {
    stops.forEach((stop) => stop());
    watched.clear();
    troubled = [];
  };
}
