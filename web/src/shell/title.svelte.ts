import { number } from '$lib/format';
import { t } from '$lib/i18n';
import { route } from '$lib/router.svelte';
import { unread } from './unread.svelte';

let own = $state<string>();

/** usePageTitle names the page in the browser's tab for as long as the component lives that calls it. */
export function usePageTitle(text: () => string): void {
  $effect(() => {
    own = text();
    return () => (own = undefined);
  });
}

const names: Record<string, string> = {
  setup: 'start.setup.title',
  signIn: 'start.sign_in.title',
  welcome: 'start.welcome.title',
  connect: 'connect.title',
  home: 'common.nav.mail',
  mail: 'common.nav.mail',
  outbox: 'common.nav.outbox',
  settings: 'common.nav.settings',
  admin: 'common.nav.admin',
};

// The title belongs to no component: pages with and without the frame have one.
$effect.root(() => {
  $effect(() => {
    const key = names[route.name];
    const page = own || (key ? t(key) : '');
    const count = unread.total > 0 ? `(${number(unread.total)}) ` : '';
    document.title = count + (page ? `${page} · Mailstead` : 'Mailstead');
  });
});
