import { readFile } from 'node:fs/promises';
import { axe, expect, signIn, test } from './fixtures.ts';
import { fill, sections, sizes } from './firm.ts';
import { settle } from './places.ts';
import { words } from './words.ts';

const t = words('en');

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
    if (n !== 300) return;
    await page.setViewportSize({ width: 1280, height: 800 });
    // A file holds all of a list, not the part that is shown.
    for (const section of ['users', 'profiles', 'providers', 'domains', 'templates']) {
      await page.goto(`${service.url}/admin/${section}`);
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: t('audit.export') }).click();
      const lines = (await readFile(await (await download).path(), 'utf8')).trimEnd().split('\r\n');
      expect(lines.length, section).toBeGreaterThan(n);
    }
    await page.goto(`${service.url}/admin/senders`);
    // A choice of accounts offers a page of them and finds the others; what is chosen stays.
    const chosen = page.getByLabel(t('admin.senders.chosen'), { exact: true });
    await page.getByRole('searchbox', { name: t('given.filter') }).fill('box287');
    await chosen.selectOption('Export 287 (box287@branch287.example)');
    await page.getByRole('searchbox', { name: t('given.filter') }).fill('spare');
    await expect(chosen.locator('option')).toHaveCount(1 + 1 + 38);
    await expect(chosen.locator('option:checked')).toHaveText('Export 287 (box287@branch287.example)');
    await settle(page);
    await page.goto(`${service.url}/admin/users?q=person2@firm.example`);
    await page.getByRole('link', { name: 'Bruno 2' }).click();
    await expect(page.getByRole('link', { name: /@branch\d+\.example/ })).toHaveText(['box2@branch2.example']);
  });
