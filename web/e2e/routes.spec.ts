import { axe, expect, signIn, test } from './fixtures.ts';
import { ada, places, settle } from './places.ts';
import { words } from './words.ts';

// Every page in its states, as axe sees it: on a desktop in the light, on a phone in the dark.
const t = words('en');

test.use({ trace: 'off', screenshot: 'off' });

for (const [name, viewport, theme] of [
  ['desktop, light', { width: 1280, height: 800 }, 'light'],
  ['phone, dark', { width: 320, height: 640 }, 'dark'],
] as const)
  for (const half of [0, 1])
    test(`${name}, half ${half + 1} of all pages: no serious fault of accessibility, none scrolls sideways`, async ({
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
        const context = await browser.newContext({ viewport, colorScheme: theme, locale: 'en-GB' });
        context.setDefaultTimeout(15_000);
        return context.newPage();
      };
      const inside = await open();
      await signIn(inside, demo, ada);
      const outside = await open();
      for (const place of places.filter((_, i) => i % 2 === half)) {
        const page = place.leaves ? await open() : place.out ? outside : inside;
        if (place.leaves) await signIn(page, demo, ada);
        try {
          await place.open({ page, demo: demo.url, fresh: fresh.url, t });
          await settle(page);
          await axe(page, place.name);
          // On a wide screen a part that does not scroll may hold more, such as a count at the corner of a button.
          const wide = await page.evaluate(
            (phone) =>
              [document.documentElement, ...document.querySelectorAll('body, main, nav')]
                .filter((e) => e.scrollWidth > e.clientWidth + (e.localName === 'html' ? 0 : 1))
                .filter((e) => phone || e.localName === 'html' || /auto|scroll/.test(getComputedStyle(e).overflowX))
                .map((e) => `${e.localName} ${e.scrollWidth} px`),
            name.startsWith('phone'),
          );
          expect(wide, 'scrolls sideways').toEqual([]);
        } catch (e) {
          faults.push(`${place.name}: ${(e as Error).message.slice(0, 1500)}`);
        }
        await page.unrouteAll({ behavior: 'ignoreErrors' });
        if (place.leaves) await page.context().close();
      }
      await inside.context().close();
      await outside.context().close();
      expect(faults.join('\n\n')).toBe('');
    });
