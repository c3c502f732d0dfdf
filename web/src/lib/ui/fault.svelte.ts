import { tick } from 'svelte';
import type { Attachment } from 'svelte/attachments';

/**
 * Fault is what was refused of a field: it is shown until somebody edits the field, or the next try says something
 * else. The first of a form takes the focus, as it may stand far above the button.
 */
export class Fault {
  #edited = $state(false);
  #error: () => string | undefined;
  #field: HTMLElement | undefined;
  #refused = false;
  #tried = false;

  constructor(error: () => string | undefined) {
    this.#error = error;
    $effect.pre(() => {
      this.#refused = !!error();
      this.#edited = false;
      if (this.#refused && this.#tried) void this.#show();
    });
  }

  get text(): string | undefined {
    return this.#edited ? undefined : this.#error();
  }

  /** field is put onto the element that holds the control. */
  readonly field: Attachment<HTMLElement> = (node) => {
    this.#field = node;
    const edited = () => {
      if (this.#refused) this.#edited = true;
    };
    const tried = () => {
      this.#edited = false;
      this.#tried = true;
    };
    const form = node.closest('form');
    // Not change: that comes also when a field that was typed into is taken off the page.
    node.addEventListener('input', edited);
    form?.addEventListener('submit', tried);
    return () => {
      node.removeEventListener('input', edited);
      form?.removeEventListener('submit', tried);
    };
  };

  async #show(): Promise<void> {
    this.#tried = false;
    await tick();
    const first = this.#field?.closest('form')?.querySelector<HTMLElement>('[aria-invalid=true]');
    if (!first || !this.#field?.contains(first)) return;
    first.focus({ preventScroll: true });
    this.#field.scrollIntoView({ block: 'nearest' });
  }
}
