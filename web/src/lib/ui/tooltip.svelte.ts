import type { Attachment } from 'svelte/attachments';
import { place } from './place';

const wait = 450;

let bubble: HTMLDivElement | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

function make(): HTMLDivElement {
  const div = document.createElement('div');
  div.popover = 'manual';
  div.role = 'tooltip';
  div.ariaHidden = 'true';
  div.className =
    'pointer-events-none fixed inset-auto m-0 max-w-64 rounded-sm border-0 bg-ink px-2 py-1 text-xs text-surface';
  document.body.append(div);
  return div;
}

function show(anchor: Element, text: string) {
  if (!anchor.isConnected) return;
  bubble ??= make();
  bubble.textContent = text;
  bubble.showPopover();
  place(bubble, anchor, { side: 'bottom', align: 'center', gap: 6 });
}

function hide() {
  clearTimeout(timer);
  if (bubble?.matches(':popover-open')) bubble.hidePopover();
}

/**
 * tooltip names an element on hover and on focus by keyboard. It only repeats what a screen reader is told by
 * aria-label, so it is hidden from it.
 */
export function tooltip(text: string | undefined): Attachment<HTMLElement> {
  return (node) => {
    if (!text) return;
    const later = (e: PointerEvent) => {
      if (e.pointerType !== 'mouse') return;
      clearTimeout(timer);
      timer = setTimeout(() => show(node, text), wait);
    };
    const now = () => {
      // Not at once: the focus may come back from a menu that is just closing.
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (node.matches(':focus-visible') || node.querySelector(':focus-visible')) show(node, text);
      });
    };
    const key = (e: KeyboardEvent) => {
      if (e.key === 'Escape') hide();
    };
    node.addEventListener('pointerenter', later);
    node.addEventListener('pointerleave', hide);
    node.addEventListener('pointerdown', hide);
    node.addEventListener('focusin', now);
    node.addEventListener('focusout', hide);
    node.addEventListener('keydown', key);
    return () => {
      hide();
      node.removeEventListener('pointerenter', later);
      node.removeEventListener('pointerleave', hide);
      node.removeEventListener('pointerdown', hide);
      node.removeEventListener('focusin', now);
      node.removeEventListener('focusout', hide);
      node.removeEventListener('keydown', key);
    };
  };
}
