import type { Attachment } from 'svelte/attachments';

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
    dialog.showModal();
    return () => {
      dialog.removeEventListener('cancel', cancel);
      dialog.removeEventListener('mousedown', press);
      dialog.removeEventListener('click', click);
      if (dialog.open) dialog.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  };
}
