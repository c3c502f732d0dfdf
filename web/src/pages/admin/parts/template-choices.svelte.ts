import { t } from '$lib/i18n';
import type { Schema } from '$lib/api/client';
import { allAccounts, allTemplates } from './lists.svelte';

/** TemplateChoices are what a template's form offers: accounts with how they stand, and modules. */
export class TemplateChoices {
  #accounts = allAccounts();
  #templates = allTemplates();

  /** accounts are the options, with the account that is chosen though the list does not have it yet. */
  accounts(chosen: number): { value: number; label: string; hint?: string }[] {
    const found = this.#accounts.items.filter((a) => a.outgoing || a.id === chosen).map((a) => option(a as Item));
    const out = [{ value: 0, label: t('templates.account.none'), hint: t('templates.account.none.hint') }, ...found];
    if (chosen && !found.some((o) => o.value === chosen))
      out.push({ value: chosen, label: this.name(chosen), hint: '' });
    return out;
  }

  /** name is what an account is called. */
  name(id: number): string {
    if (!id) return t('templates.account.none');
    const a = this.#accounts.items.find((account) => account.id === id);
    return a ? labelOf(a) : t('templates.account.number', { id: String(id) });
  }

  get modules(): string[] {
    return [...new Set(this.#templates.items.map((one) => one.module))].sort((a, b) => a.localeCompare(b));
  }
}

type Item = Schema<'AccountItem'>;

const labelOf = (a: { name: string; address: string }) =>
  a.name && a.name !== a.address ? `${a.name} (${a.address})` : a.address;

const option = (a: Item) => ({
  value: a.id,
  label: labelOf(a),
  hint: t('templates.account.state', { state: t(`admin.accounts.is.${a.state}`) }),
});
