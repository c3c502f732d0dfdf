import { axe, expect, signIn, test } from './fixtures.ts';
import { wholeChromium } from '../playwright.config.ts';
import { words } from './words.ts';

const t = words('en');

// The headless shell knows no notices.
test.use({ launchOptions: wholeChromium });

test('notices say what the browser allows', async ({ page, stage, context }) => {
  const service = await stage.service({ admin: true });
  await signIn(page, service);
  await context.grantPermissions(['notifications'], { origin: service.url });
  await page.goto(service.url + '/settings/notifications');
  await expect(page.getByText(t('settings.notices.granted'))).toBeVisible();
  await page.getByRole('switch').click();
  await expect(page.getByRole('button', { name: t('settings.notices.try'), exact: true })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('switch')).toBeChecked();
  await context.clearPermissions();
  await page.reload();
  await expect(page.getByRole('switch')).not.toBeChecked();
  await axe(page);
});
