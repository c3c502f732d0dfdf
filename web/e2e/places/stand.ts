import type { Page } from '@playwright/test';
import type { words } from '../words.ts';

/** Where a place is shown: a demo with its administrator signed in, and a service that nobody has set up. */
export interface Stand {
  page: Page;
  demo: string;
  fresh: string;
  t: ReturnType<typeof words>;
}

export interface Place {
  name: string;
  /** Nobody is signed in. */
  out?: boolean;
  /** It leaves something behind in the browser that other places would show. */
  leaves?: boolean;
  open(stand: Stand): Promise<void>;
}

/** The people and mailboxes of the demo. */
export const ada = { name: 'Ada', email: 'ada@demo.example', password: 'demo-password' };

export const json = async <T>(page: Page, url: string) => (await (await page.request.get(url)).json()) as T;

export interface Listed {
  items: { id: number; address: string; role: string; subject: string; state: string }[];
}

export async function idOf(page: Page, demo: string, address: string): Promise<number> {
  const { items } = await json<Listed>(page, demo + '/api/v1/accounts?all=true');
  return items.find((a) => a.address === address)!.id;
}

/** folder is the address of a folder of one of the demo's accounts. */
export async function folder(
  page: Page,
  demo: string,
  address: string,
  role: string,
): Promise<{ url: string; api: string }> {
  const account = await idOf(page, demo, address);
  const { items } = await json<Listed>(page, `${demo}/api/v1/accounts/${account}/folders`);
  const id = items.find((f) => f.role === role)!.id;
  return {
    url: `${demo}/mail/${account}/${id}`,
    api: `${demo}/api/v1/accounts/${account}/messages?folder=${id}&limit=100`,
  };
}

/** message opens the first message of a folder that fits. */
export async function message(
  { page, demo }: Stand,
  address: string,
  fits: (m: Record<string, unknown>) => boolean,
): Promise<void> {
  const { url, api } = await folder(page, demo, address, 'inbox');
  const { items } = await json<{ items: Record<string, unknown>[] }>(page, api);
  const m = items.find(fits);
  if (!m) throw new Error(`no such message in ${url}`);
  await page.goto(`${url}/${m.id as number}`);
  await page
    .getByRole('heading', { level: 1 })
    .or(page.getByRole('heading', { level: 2 }))
    .first()
    .waitFor();
}

export const at =
  (path: string) =>
  async ({ page, demo }: Stand) => {
    await page.goto(demo + path);
  };

/** answers makes requests of the API end in a way that pages have to show. */
export async function answers(page: Page, pattern: string, how: 'never' | 'error' | 'empty'): Promise<void> {
  await page.route(pattern, async (route) => {
    if (how === 'never') return;
    if (how === 'empty') return route.fulfill({ json: { items: [] } });
    return route.fulfill({
      status: 500,
      contentType: 'application/problem+json',
      json: {
        status: 500,
        code: 'internal',
        title: 'Internal error',
        detail: 'The service has met a defect.',
        request_id: '0123456789abcdef',
      },
    });
  });
}

/**
 * settle waits until a page has come to rest: what it asked for is there, fonts are loaded, nothing has moved for some
 * milliseconds.
 */
export async function settle(page: Page, rest = 500): Promise<void> {
  await page.waitForLoadState('load');
  await page.evaluate(async (rest) => {
    await document.fonts.ready;
    // Skeletons show after 300 ms; animations are short.
    const quiet = () =>
      document
        .getAnimations()
        .every((a) => a.playState !== 'running' || a.effect?.getComputedTiming().endTime === Infinity);
    for (let i = 0, still = 0; i < 40 && still * 100 < rest; i++) {
      await new Promise((done) => setTimeout(done, 100));
      const busy = document.querySelector('[aria-busy=true]') !== null;
      still = quiet() && !busy ? still + 1 : 0;
    }
  }, rest);
}
