import type { Component } from 'svelte';

/** A page is loaded when it is first opened. */
type Page = () => Promise<{ default: Component }>;

interface Entry {
  path: string;
  page: Page;
  /** Shown without the frame of navigation, and who may see it: everybody, or those who are signed in (default). */
  open?: boolean;
  bare?: boolean;
  /** Only administrators. */
  admin?: boolean;
}

/** routes are all pages by name. The first pattern that fits the path wins. */
export const routes: Record<string, Entry> = {
  home: { path: '/', page: () => import('./pages/mail/mail.svelte') },
  setup: { path: '/setup', page: () => import('./pages/start/setup.svelte'), open: true, bare: true },
  signIn: { path: '/sign-in', page: () => import('./pages/start/sign-in.svelte'), open: true, bare: true },
  passwordLink: {
    path: '/password-link',
    page: () => import('./pages/start/password-link.svelte'),
    open: true,
    bare: true,
  },
  welcome: { path: '/welcome', page: () => import('./pages/start/welcome.svelte') },
  connect: { path: '/connect', page: () => import('./pages/connect/connect.svelte'), bare: true },
  oauth: { path: '/oauth/callback', page: () => import('./pages/oauth/callback.svelte'), bare: true },
  mail: { path: '/mail/:account?/:folder?/:message?', page: () => import('./pages/mail/mail.svelte') },
  outbox: { path: '/outbox/:id?', page: () => import('./pages/outbox/outbox.svelte') },
  records: { path: '/records/:id?/:mail?', page: () => import('./pages/records/records.svelte') },
  settings: { path: '/settings/:section?/:id?', page: () => import('./pages/settings/settings.svelte') },
  admin: { path: '/admin/:section?/:id?', page: () => import('./pages/admin/admin.svelte'), admin: true },
  design: { path: '/design', page: () => import('./pages/design/design.svelte'), open: true, bare: true },
};
