import { axe, expect, signIn, test } from './fixtures.ts';
import { ada, places, settle } from './places.ts';
import { words } from './words.ts';

// Every page in its states, as axe sees it: on a desktop in the light, on a phone in the dark.
const t = words('en');

test.use({ trace: 'off', screenshot: 'off' });

for (const [name, viewport, theme] of [
  ['desktop, light', { width: 1280, height: 800 }, 'light'],
  ['phone, dark', { width: 390, height: 844 }, 'dark'],
] as const)
  test.describe(name, () => {
    test('no page has a serious fault of accessibility, or is wider than the screen', async ({
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
      for (const place of places) {
        const page = place.out ? outside : inside;
        try {
          await place.open({ page, demo: demo.url, fresh: fresh.url, t });
          await settle(page);
          await axe(page, place.name);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth);
          expect(wide, 'width of the page').toBeLessThanOrEqual(viewport.width);
        } catch (e) {
          faults.push(`${place.name}: ${(e as Error).message.slice(0, 1500)}`);
        }
        await page.unrouteAll({ behavior: 'ignoreErrors' });
      }
      await inside.context().close();
      await outside.context().close();
      expect(faults.join('\n\n')).toBe('');
    });
  });
