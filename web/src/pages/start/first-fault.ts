import { tick } from 'svelte';

/** toFirstFault puts the focus into the first field of a form that was refused. */
export async function toFirstFault(form: Element | null | undefined): Promise<void> {
  await tick();
  form?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
}
