import type { Page } from '@playwright/test';
import { admin, expect, test } from './fixtures.ts';
import { words } from './words.ts';

const t = words('en');

/** focusOn presses Tab until what has that role and name is in focus, as somebody without a mouse does. */
async function focusOn(
  page: Page,
  role: 'button' | 'link' | 'textbox' | 'combobox',
  name: string | RegExp,
): Promise<void> {
  const target = page.getByRole(role, { name, exact: true }).first();
  await target.waitFor();
  for (let i = 0; i < 80; i++) {
    if (await target.evaluate((e) => e === document.activeElement || e.contains(document.activeElement))) {
      // Where the focus is can be seen.
      const seen = await page.evaluate(() => {
        const e = document.activeElement!;
        const box = e.getBoundingClientRect();
        return box.width > 0 && box.height > 0 && e.matches(':focus-visible');
      });
      expect(seen, `the focus on ${String(name)} is visible`).toBe(true);
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${role} ${String(name)}`);
}

test('the newcomer’s path by keyboard alone', async ({ page, stage }) => {
  test.setTimeout(180_000);
  const service = await stage.service();
  const box = await stage.mailbox({ mails: 60 });
  await page.goto(service.url);
  await focusOn(page, 'textbox', t('start.setup.token'));
  await page.keyboard.type(service.setupToken);
  await focusOn(page, 'textbox', t('start.name'));
  await page.keyboard.type(admin.name);
  await focusOn(page, 'textbox', t('start.email'));
  await page.keyboard.type(admin.email);
  await page.keyboard.press('Tab');
  await page.keyboard.type(admin.password);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/welcome$/);

  await focusOn(page, 'link', t('start.step.mailbox.action'));
  await page.keyboard.press('Enter');
  // The field that matters has the focus by itself.
  await expect(page.getByLabel(t('connect.address.label'))).toBeFocused();
  await page.keyboard.type(box.address);
  await page.keyboard.press('Enter');
  await expect(page.getByLabel(t('connect.password.password'))).toBeFocused();
  await page.keyboard.type(box.password);
  await page.keyboard.press('Enter');
  await expect(page.getByText(t('connect.done.title', { address: box.address }))).toBeVisible({ timeout: 30_000 });
  await focusOn(page, 'link', t('connect.done.open_mail'));
  await page.keyboard.press('Enter');

  await expect(page.getByText('Order 59', { exact: true }).first()).toBeVisible();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Order 59' })).toBeVisible();
  await page.keyboard.press('r');
  await expect(page.getByRole('textbox', { name: t('compose.text.label') })).toBeFocused();
  const text = `Written without a mouse, ${service.setupToken.slice(-8)}.`;
  await page.keyboard.type(text);
  await page.keyboard.press('Control+Enter');
  await expect(page.getByText(t('compose.sending.sent'), { exact: true }).first()).toBeVisible({ timeout: 30_000 });
  await expect
    .poll(
      async () => (await stage.mails(box, 'Sent')).filter((m) => m.text.replace(/=\r?\n/g, '').includes(text)).length,
      {
        timeout: 30_000,
      },
    )
    .toBe(1);
});
