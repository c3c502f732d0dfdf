import { expect, test } from '@playwright/test';
import { ada, places, settle } from './places.ts';
import { words, type Language } from './words.ts';

const chosen = <T extends string>(name: string, all: readonly T[]): T[] => {
  const wanted = process.env[name]?.split(/[ ,]+/).filter(Boolean);
  return wanted ? all.filter((one) => wanted.some((w) => one.startsWith(w))) : [...all];
};

const heights: Record<string, number> = { '390': 844, '1280': 800, '1920': 1080 };

for (const language of chosen<Language>('LANGS', ['en', 'it', 'ru', 'es']))
  for (const theme of chosen('THEMES', ['light', 'dark'] as const))
    for (const width of chosen('WIDTHS', ['390', '1280', '1920'] as const))
      test(`${language} ${theme} ${width}`, async ({ browser }) => {
        const demo = process.env.DEMO_URL!;
        const viewport = { width: Number(width), height: heights[width]! };
        const failed: string[] = [];
        const state = await (async () => {
          const context = await browser.newContext();
          const res = await context.request.post(demo + '/api/v1/session', {
            data: { email: ada.email, password: ada.password },
          });
          expect(res.status(), await res.text()).toBe(201);
          const kept = await context.storageState();
          await context.close();
          return kept;
        })();
        for (const place of places.filter((p) => chosen('PAGES', [p.name]).length > 0)) {
          const context = await browser.newContext({
            viewport,
            colorScheme: theme,
            locale: language,
            timezoneId: 'Europe/Rome',
            reducedMotion: 'reduce',
            hasTouch: width === '390',
            storageState: place.out ? undefined : state,
          });
          context.setDefaultTimeout(15_000);
          const page = await context.newPage();
          try {
            await place.open({ page, demo, fresh: process.env.FRESH_URL!, t: words(language) });
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
