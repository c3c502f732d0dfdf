import type { Attachment } from 'svelte/attachments';

// What the focus starts on: what asks for it, the first field, else the dialog itself, so that its title is read.
function first(dialog: HTMLDialogElement): HTMLElement {
  const asking = dialog.querySelector<HTMLElement>('[autofocus]');
  // On a phone a field that is focused brings the keyboard over half of the dialog.
  if (asking || matchMedia('(pointer: coarse)').matches) return asking ?? dialog;
  return (
    dialog.querySelector<HTMLElement>('[data-body] :is(input, select, textarea):not(:disabled, [type=hidden])') ??
    dialog
  );
}

/**
 * modal shows a dialog element as long as it is there, above everything. Esc and a press beside it call close; the
 * browser keeps the focus in it and gives it back.
 */
export function modal(close: () => void): Attachment<HTMLDialogElement> {
  return (dialog) => {
    const before = document.activeElement;
    let pressedBeside = false;
    const cancel = (e: Event) => {
      if (e.target !== dialog) return;
      e.preventDefault();
      close();
    };
    const beside = (e: MouseEvent) => {
      if (e.target !== dialog) return false;
      const r = dialog.getBoundingClientRect();
      return e.clientX < r.left || e.clientX > r.right || e.clientY < r.top || e.clientY > r.bottom;
    };
    const press = (e: MouseEvent) => (pressedBeside = beside(e));
    const click = (e: MouseEvent) => {
      if (pressedBeside && beside(e)) close();
    };
    dialog.addEventListener('cancel', cancel);
    dialog.addEventListener('mousedown', press);
    dialog.addEventListener('click', click);
    dialog.tabIndex = -1;
    dialog.showModal();
    first(dialog).focus();
    return () => {
      dialog.removeEventListener('cancel', cancel);
      dialog.removeEventListener('mousedown', press);
      dialog.removeEventListener('click', click);
      if (dialog.open) dialog.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  };
}
