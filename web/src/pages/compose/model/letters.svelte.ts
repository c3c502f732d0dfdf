import { session } from '$lib/session.svelte';
import type { ComposeRequest } from '../compose.svelte';
import { dropDraft, readDraft, readDrafts } from './keep';
import type { Kept } from './kept';
import { Letter } from './letter.svelte';
import { holdDraft } from './lock';
import { wasSent } from './submission';

let list = $state.raw<Letter[]>([]);
let active = $state<string>();
const releases = new Map<string, () => void>();

/** Where a tab of the browser remembers which window was open, so that a reload shows it again. */
const place = 'mailstead.compose.open';

function remember(id: string | undefined): void {
  active = id;
  try {
    if (id) sessionStorage.setItem(place, id);
    else sessionStorage.removeItem(place);
  } catch {
    // Then a reload shows it as a tab.
  }
}

/** letters are the mails that are being written in this tab of the browser; one at most has its window open. */
export const letters = {
  get list() {
    return list;
  },
  get active(): Letter | undefined {
    return list.find((l) => l.id === active);
  },
};

function take(letter: Letter): void {
  list = [...list, letter];
  if (!releases.has(letter.id))
    void holdDraft(letter.id).then((release) => release && releases.set(letter.id, release));
}

/** openLetter opens a window, or shows the one that does the same already. */
export function openLetter(request: ComposeRequest): void {
  if (request.draftId) return showLetter(request.draftId);
  const same = list.find((l) =>
    request.parent
      ? l.request.parent === request.parent && l.request.kind === request.kind && l.phase === 'writing'
      : l.request.kind === 'new' && !request.to && !l.touched,
  );
  if (same) return showLetter(same.id);
  minimise();
  const letter = new Letter(request);
  take(letter);
  remember(letter.id);
  void letter.start();
}

/** showLetter opens the window of a letter; another one that is open becomes a tab. */
export function showLetter(id: string): void {
  if (id === active || !list.some((l) => l.id === id)) return;
  minimise();
  remember(id);
}

/** minimise makes a tab of the open window. One with nothing in it is gone. */
export function minimise(): void {
  const letter = letters.active;
  if (!letter) return;
  letter.current();
  letter.flush();
  remember(undefined);
  if (!letter.touched) remove(letter);
}

/** remove ends a letter and what is kept of it. */
export function remove(letter: Letter): void {
  letter.forget();
  leave(letter);
}

function leave(letter: Letter): void {
  list = list.filter((l) => l !== letter);
  if (active === letter.id) remember(undefined);
  releases.get(letter.id)?.();
  releases.delete(letter.id);
}

/**
 * hide takes a letter out of sight and returns how to bring it back: as a window when that is asked for, else only
 * where no other window is open. remove ends it.
 */
export function hide(letter: Letter): (asked: boolean) => void {
  const at = list.indexOf(letter);
  letter.current();
  list = list.filter((l) => l !== letter);
  if (active === letter.id) remember(undefined);
  return (asked) => {
    list = [...list.slice(0, at), letter, ...list.slice(at)];
    if (asked || !active) showLetter(letter.id);
  };
}

/**
 * restoreLetters brings back what this browser keeps for the person: here, or in another tab of the browser as soon
 * as that is closed. found is called for each that waits to be sent. It returns how to end that.
 */
export function restoreLetters(found: (ready: Letter) => void): () => void {
  const user = session.user?.id;
  const end = new AbortController();
  let wasOpen: string | null = null;
  try {
    wasOpen = sessionStorage.getItem(place);
  } catch {
    // See remember.
  }
  void (async () => {
    const kept = (await readDrafts().catch(() => [])).filter((k) => k.user === user);
    for (const { id } of kept.sort((a, b) => a.created - b.created)) void adopt(id, id === wasOpen, found, end.signal);
  })();
  return () => {
    end.abort();
    for (const letter of [...list]) {
      letter.close();
      leave(letter);
    }
  };
}

async function adopt(id: string, open: boolean, found: (ready: Letter) => void, end: AbortSignal): Promise<void> {
  const release = await holdDraft(id, end);
  if (!release) return;
  // Another tab may have sent it or thrown it away while this one waited.
  const kept = await readDraft(id).catch(() => undefined);
  const over = !kept || kept.state === 'discarded' || (await gone(kept));
  if (over || end.aborted || list.some((l) => l.id === id)) {
    if (kept && over) void dropDraft(id).catch(() => undefined);
    return release();
  }
  const letter = new Letter({ kind: kept.kind, parent: kept.parent }, id);
  await letter.restore(kept);
  releases.set(id, release);
  take(letter);
  if (letter.phase === 'ready') found(letter);
  else if (open && !active) remember(id);
}

async function gone({ attempted, key }: Kept): Promise<boolean> {
  return (await wasSent(attempted, key).catch(() => undefined)) !== undefined;
}
