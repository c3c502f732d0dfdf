import { t } from '$lib/i18n';
import { toast } from '$lib/ui';
import { isAddress } from './model/addresses';
import type { Letter } from './model/letter.svelte';
import { hide, remove } from './model/letters.svelte';

/** missing tells why a letter cannot be sent yet, "" when it can. */
export function missing(letter: Letter): '' | 'no_recipient' | 'wrong_address' | 'reading' | 'no_sender' {
  if (letter.recipients.some((a) => !isAddress(a.address))) return 'wrong_address';
  if (letter.recipients.length === 0) return 'no_recipient';
  if (letter.sender.resolution?.level === 'none') return 'no_sender';
  return letter.loading || letter.files.reading ? 'reading' : '';
}

/** sendLabel is the text of the button: what may have been forgotten is said there, and it sends all the same. */
export function sendLabel(letter: Letter, fileForgotten: boolean): string {
  if (!letter.touched) return t('compose.send.plain');
  const bare = letter.title === '';
  if (bare && fileForgotten) return t('compose.send.bare');
  if (bare) return t('compose.send.no_subject');
  return t(fileForgotten ? 'compose.send.no_file' : 'compose.send.plain');
}

/** discard throws a letter away, with a way back for some seconds. */
export function discard(letter: Letter): void {
  if (!letter.touched) return remove(letter);
  void letter.keep('discarded');
  const show = hide(letter);
  toast({
    text: t('compose.discarded'),
    action: {
      label: t('compose.undo'),
      run: () => {
        show(true);
        void letter.keep('writing');
      },
    },
    ondone: () => remove(letter),
  });
}
