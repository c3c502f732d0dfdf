import { axe, expect, signIn, test } from './fixtures.ts';
import { fill, sections, sizes } from './firm.ts';
import { settle } from './places.ts';

test.use({ screenshot: 'off' });

// Lists with nothing, with few rows and with more than a page, as axe sees them, and none scrolls sideways.
for (const n of sizes)
  test(`the administration of a house with ${n} of everything`, async ({ stage, page }) => {
    test.setTimeout(300_000);
    const service = await stage.service({ admin: true });
    await signIn(page, service);
    await fill(page.request, service.url, n);
    for (const section of sections) {
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.goto(`${service.url}/admin/${section}`);
      await settle(page);
      await axe(page, section);
      for (const width of [1280, 320]) {
        await page.setViewportSize({ width, height: 800 });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        expect(wide, `${section} at ${width} px`).toBeLessThanOrEqual(width);
      }
    }
  });
