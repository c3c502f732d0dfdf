import type { Page } from '@playwright/test';
import { axe, expect, signIn, test } from './fixtures.ts';
import { ada, places, settle } from './places.ts';
import { words } from './words.ts';

// Every page in its states on a desktop in the light, then the same page on a phone in the dark. Axe looks at each in one
// of both, in turn; in make soak in both.
const t = words('en');
const parts = 3;
const looks = [
  { name: 'desktop, light', viewport: { width: 1280, height: 800 }, theme: 'light' },
  { name: 'phone, dark', viewport: { width: 320, height: 640 }, theme: 'dark' },
] as const;

test.use({ trace: 'off', screenshot: 'off' });

/** sideways names what scrolls sideways. On a wide screen a part that does not scroll may hold more, such as a count at
 * the corner of a button. */
const sideways = (page: Page, phone: boolean) =>
  page.evaluate(
    (phone) =>
      [document.documentElement, ...document.querySelectorAll('body, main, nav')]
        .filter((e) => e.scrollWidth > e.clientWidth + (e.localName === 'html' ? 0 : 1))
        .filter((e) => phone || e.localName === 'html' || /auto|scroll/.test(getComputedStyle(e).overflowX))
        .map((e) => `${e.localName} ${e.scrollWidth} px`),
    phone,
  );

for (let part = 0; part < parts; part++)
  test(`pages, part ${part + 1} of ${parts}: no serious fault of accessibility, none scrolls sideways`, async ({
    stage,
    browser,
    witness,
  }) => {
    test.setTimeout(600_000);
    expect(witness).toBeDefined();
    const demo = await stage.demo('--demo-live', '1h');
    const fresh = await stage.service();
    const faults: string[] = [];
    const open = async () => {
      const context = await browser.newContext({ locale: 'en-GB' });
      context.setDefaultTimeout(15_000);
      return context.newPage();
    };
    const show = async (page: Page, { viewport, theme }: (typeof looks)[number]) => {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme: theme });
    };
    const inside = await open();
    await signIn(inside, demo, ada);
    const outside = await open();
    for (const [i, place] of places.entries()) {
      if (i % parts !== part) continue;
      const page = place.leaves ? await open() : place.out ? outside : inside;
      if (place.leaves) await signIn(page, demo, ada);
      let look = looks[0].name as string;
      try {
        await show(page, looks[0]);
        await place.open({ page, demo: demo.url, fresh: fresh.url, t });
        for (const [n, l] of looks.entries()) {
          look = l.name;
          await show(page, l);
          const judged = process.env.SOAK || (i + n) % looks.length === 0;
          await settle(page, judged ? 500 : 100);
          if (judged) await axe(page, place.name);
          expect(await sideways(page, l.viewport.width < 600), 'scrolls sideways').toEqual([]);
        }
      } catch (e) {
        faults.push(`${place.name}, ${look}: ${(e as Error).message.slice(0, 1500)}`);
      }
      await page.unrouteAll({ behavior: 'ignoreErrors' });
      if (place.leaves) await page.context().close();
    }
    await inside.context().close();
    await outside.context().close();
    expect(faults.join('\n\n')).toBe('');
  });
