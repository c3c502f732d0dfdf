/** base is the path of a proxy below which the service lives, such as "/mailstead"; "" is the root of its host. */
export const base = document.documentElement.dataset.base ?? '';

/** inside is the path that the pages know of one of the address bar: it lacks base. */
export function inside(pathname: string): string {
  return base && (pathname === base || pathname.startsWith(base + '/')) ? pathname.slice(base.length) || '/' : pathname;
}

/** here is the place in the address bar, with its query. */
export function here(): string {
  return inside(location.pathname) + location.search;
}

/**
 * leadLinks puts base before the addresses of links to places of the pages, which know nothing of it, when somebody
 * comes near one: so that a new tab or a copied address leads there, too. It does nothing at the root of a host.
 */
export function leadLinks(): void {
  if (!base) return;
  const lead = (e: Event) => {
    const link = e.target instanceof Element ? e.target.closest('a[href^="/"]') : undefined;
    const path = link?.getAttribute('href') ?? '';
    if (link && inside(path) === path) link.setAttribute('href', base + path);
  };
  for (const event of ['pointerover', 'pointerdown', 'focusin']) document.addEventListener(event, lead, true);
}
