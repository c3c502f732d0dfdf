import { expect, test, type Browser } from '@playwright/test';
import { sections, sizes } from './firm.ts';
import { ada, places, settle, type Place } from './places.ts';
import { admin } from './stage.ts';
import { words, type Language } from './words.ts';

const chosen = <T extends string>(name: string, all: readonly T[]): T[] => {
  const wanted = process.env[name]?.split(/[ ,]+/).filter(Boolean);
  return wanted ? all.filter((one) => wanted.some((w) => one.startsWith(w))) : [...all];
};

const heights: Record<string, number> = { '390': 844, '1280': 800, '1920': 1080 };

/** What is shown of houses that have nothing, few, and more than a page of everything. */
const lists = sizes.flatMap((n) =>
  sections.map((section) => ({
    name: `rows-${n}-${section}`,
    house: n,
    open: async ({ page, demo }) => void (await page.goto(`${demo}/admin/${section}`)),
  })),
) satisfies (Place & { house: number })[];

/** signedIn is what a browser keeps of the sign-in of an administrator. */
async function signedIn(browser: Browser, url: string, who: { email: string; password: string }) {
  const context = await browser.newContext();
  const res = await context.request.post(url + '/api/v1/session', {
    data: { email: who.email, password: who.password },
  });
  expect(res.status(), await res.text()).toBe(201);
  const kept = await context.storageState();
  await context.close();
  return kept;
}

for (const language of chosen<Language>('LANGS', ['en', 'it', 'ru', 'es']))
  for (const theme of chosen('THEMES', ['light', 'dark'] as const))
    for (const width of chosen('WIDTHS', ['390', '1280', '1920'] as const))
      test(`${language} ${theme} ${width}`, async ({ browser }) => {
        const viewport = { width: Number(width), height: heights[width]! };
        const failed: string[] = [];
        const states = new Map<string, Awaited<ReturnType<typeof signedIn>>>();
        for (const place of [...places, ...lists].filter((p) => chosen('PAGES', [p.name]).length > 0)) {
          const url = 'house' in place ? process.env[`HOUSE_${place.house}_URL`]! : process.env.DEMO_URL!;
          if (!states.has(url)) states.set(url, await signedIn(browser, url, 'house' in place ? admin : ada));
          const context = await browser.newContext({
            viewport,
            colorScheme: theme,
            locale: language,
            timezoneId: 'Europe/Rome',
            reducedMotion: 'reduce',
            hasTouch: width === '390',
            storageState: 'out' in place && place.out ? undefined : states.get(url),
          });
          context.setDefaultTimeout(15_000);
          const page = await context.newPage();
          try {
            await place.open({ page, demo: url, fresh: process.env.FRESH_URL!, t: words(language) });
            await settle(page);
          } catch (e) {
            failed.push(`${place.name}: ${(e as Error).message.split('\n')[0]}`);
          }
          const file = `screenshots/${language}/${theme}-${width}/${place.name}.png`;
          await page.screenshot({ path: file, fullPage: place.name === 'design' });
          await context.close();
        }
        expect(failed).toEqual([]);
      });
