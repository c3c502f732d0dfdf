import type { Attachment } from 'svelte/attachments';

/** From here on there is room for a window beside the page. */
const wide = matchMedia('(min-width: 48rem)');

/** busyElsewhere tells that somebody types outside of the windows: one that comes by itself must not take the focus. */
export function busyElsewhere(): boolean {
  const at = document.activeElement;
  if (!(at instanceof HTMLElement) || at.closest('dialog')) return false;
  return at.isContentEditable || at.matches('input:not([type=checkbox], [type=radio]), textarea, select');
}

/**
 * inWindow shows a dialog beside the page where there is room, and over all of it on a phone, where nothing behind it
 * can be reached. It follows the height that the keyboard of a phone leaves.
 */
export function inWindow(close: () => void): Attachment<HTMLDialogElement> {
  return (dialog) => {
    const before = document.activeElement;
    const show = () => {
      const at = document.activeElement;
      const busy = wide.matches && busyElsewhere();
      if (dialog.open) dialog.close();
      if (wide.matches) dialog.show();
      else dialog.showModal();
      if (busy && at instanceof HTMLElement) return at.focus();
      // Not the first button, which the browser would take.
      const begin =
        at instanceof HTMLElement && dialog.contains(at) ? at : dialog.querySelector<HTMLElement>('[data-begin]');
      (begin ?? dialog).focus();
    };
    const cancel = (e: Event) => {
      if (e.target !== dialog) return;
      e.preventDefault();
      close();
    };
    const room = window.visualViewport;
    const fit = () => dialog.style.setProperty('--compose-height', `${room?.height ?? innerHeight}px`);
    show();
    fit();
    wide.addEventListener('change', show);
    dialog.addEventListener('cancel', cancel);
    room?.addEventListener('resize', fit);
    return () => {
      wide.removeEventListener('change', show);
      dialog.removeEventListener('cancel', cancel);
      room?.removeEventListener('resize', fit);
      const had = dialog.contains(document.activeElement) || document.activeElement === document.body;
      if (dialog.open) dialog.close();
      if (had && before instanceof HTMLElement && before.isConnected) before.focus();
    };
  };
}

/** formatting remembers whether the tools for the form of text are shown: where there is room they are. */
export const formatting = $state({ shown: wide.matches });
