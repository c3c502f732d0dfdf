import { base, here, inside, leadLinks } from '$lib/base';
import { parse } from 'regexparam';

/** Where the browser is, by the names of the route table. */
export interface Route {
  /** Name of the route, "missing" where the table has none. */
  name: string;
  params: Record<string, string>;
  query: URLSearchParams;
  path: string;
}

interface Pattern {
  name: string;
  keys: string[];
  pattern: RegExp;
}

let table: Pattern[] = [];
let current = $state.raw<Route>({ name: '', params: {}, query: new URLSearchParams(), path: '' });
const guards = new Set<() => boolean>();

/** route is where the browser is now. */
export const route = {
  get name() {
    return current.name;
  },
  get params() {
    return current.params;
  },
  get query() {
    return current.query;
  },
  get path() {
    return current.path;
  },
};

function read(): Route {
  const { search } = location;
  const pathname = inside(location.pathname);
  const path = pathname.length > 1 ? pathname.replace(/\/+$/, '') : pathname;
  const query = new URLSearchParams(search);
  for (const { name, keys, pattern } of table) {
    const match = pattern.exec(path);
    if (!match) continue;
    const params: Record<string, string> = {};
    keys.forEach((key, i) => {
      const value = match[i + 1];
      if (value !== undefined) params[key] = decodeURIComponent(value);
    });
    return { name, params, query, path };
  }
  return { name: 'missing', params: {}, query, path };
}

/**
 * startRouter reads the address bar by a table of patterns, such as "/mail/:account?/:folder?", the first that fits
 * winning, and takes clicks on links of the same origin from then on.
 */
export function startRouter(patterns: Record<string, string>): void {
  table = Object.entries(patterns).map(([name, path]) => ({ name, ...parse(path) }));
  current = read();
  leadLinks();
  addEventListener('popstate', () => (current = read()));
  document.addEventListener('click', (e) => {
    if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
    const link = e.composedPath().find((n): n is HTMLAnchorElement => n instanceof HTMLAnchorElement);
    if (!link?.href || link.origin !== location.origin || link.target || link.hasAttribute('download')) return;
    const path = inside(link.pathname);
    if (path.startsWith('/api/') || (link.pathname === location.pathname && link.hash)) return;
    e.preventDefault();
    go(path + link.search);
  });
}

/** go shows another address of the application. Without a change of the path the history can be spared by replace. */
export function go(path: string, { replace = false } = {}): void {
  for (const stays of guards) if (stays()) return;
  if (path === here()) replace = true;
  if (replace) history.replaceState(null, '', base + path);
  else history.pushState(null, '', base + path);
  current = read();
}

/** back goes where the person came from, or to a path when this page was the first. */
export function back(otherwise: string): void {
  if (history.length > 1 && document.referrer === '' && current.path !== otherwise) history.back();
  else go(otherwise, { replace: true });
}

/** guard asks before the page is left by a link: fn returns true to stay. It returns how to end that. */
export function guard(fn: () => boolean): () => void {
  guards.add(fn);
  return () => guards.delete(fn);
}
