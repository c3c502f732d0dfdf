import FolderOpen from '@lucide/svelte/icons/folder-open';
import Mail from '@lucide/svelte/icons/mail';
import Send from '@lucide/svelte/icons/send';
import Settings from '@lucide/svelte/icons/settings';
import Shield from '@lucide/svelte/icons/shield-check';
import type { Icon } from '$lib/ui';

/** A place that the navigation leads to. */
export interface Place {
  name: 'mail' | 'outbox' | 'records' | 'settings' | 'admin';
  href: string;
  icon: Icon;
  keys: string;
}

export const places: Record<Place['name'], Place> = {
  mail: { name: 'mail', href: '/mail', icon: Mail, keys: 'G M' },
  outbox: { name: 'outbox', href: '/outbox', icon: Send, keys: 'G O' },
  records: { name: 'records', href: '/records', icon: FolderOpen, keys: 'G R' },
  settings: { name: 'settings', href: '/settings', icon: Settings, keys: 'G S' },
  admin: { name: 'admin', href: '/admin', icon: Shield, keys: 'G A' },
};
