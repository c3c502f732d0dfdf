import { admin, axe, expect, test, type Mailbox, type Service, type Stage } from './fixtures.ts';
import { wholeChromium } from '../playwright.config.ts';
import type { Page } from '@playwright/test';
import { words } from './words.ts';

const t = words('en');
const mails = 120;

test.use({ launchOptions: wholeChromium });

/** arrived waits for the answer in the server's own Sent folder and in the inbox of whom it was for, once in each. */
async function arrived(stage: Stage, box: Mailbox, text: string): Promise<void> {
  for (const [mailbox, folder] of [
    [box, 'Sent'],
    [{ address: 'ben@example.com', password: '' }, 'INBOX'],
  ] as const)
    await expect
      .poll(
        async () =>
          (await stage.mails(mailbox, folder)).filter((m) => m.text.replace(/=\r?\n/g, '').includes(text)).length,
        {
          message: `the answer in ${folder} of ${mailbox.address}`,
          timeout: 30_000,
        },
      )
      .toBe(1);
}

async function setUp(page: Page, service: Service): Promise<void> {
  await page.goto(service.url);
  await expect(page.getByRole('heading', { name: t('start.setup.title') })).toBeVisible();
  await page.getByLabel(t('start.setup.token')).fill(service.setupToken);
  await page.getByLabel(t('start.name'), { exact: true }).fill(admin.name);
  await page.getByLabel(t('start.email')).fill(admin.email);
  await page.getByLabel(t('start.password'), { exact: true }).fill(admin.password);
  await axe(page, 'the setup');
  await page.getByRole('button', { name: t('start.setup.submit') }).click();
  await expect(page).toHaveURL(/\/welcome$/);
}

async function connectByWizard(page: Page, box: Mailbox): Promise<void> {
  await page.getByRole('link', { name: t('start.step.mailbox.action'), exact: true }).click();
  await page.getByLabel(t('connect.address.label')).fill(box.address);
  await axe(page, 'the address');
  await page.getByRole('button', { name: t('connect.next') }).click();
  await expect(page.getByText(t('connect.from.administrator', { domain: 'example.com' }))).toBeVisible();
  await page.getByLabel(t('connect.password.password')).fill(box.password);
  await axe(page, 'the password');
  await page.getByRole('button', { name: t('connect.save'), exact: true }).click();
  await expect(page.getByText(t('connect.done.title', { address: box.address }))).toBeVisible({ timeout: 30_000 });
  await axe(page, 'the end of the wizard');
}

/** answer opens the newest message, answers it and waits until the service has sent it. */
async function answer(page: Page, text: string): Promise<void> {
  await page
    .getByText(`Order ${mails - 1}`, { exact: true })
    .first()
    .click();
  await expect(page.getByRole('heading', { name: `Order ${mails - 1}` })).toBeVisible();
  const frame = page.frameLocator('iframe:not([aria-hidden="true"])');
  await expect(frame.getByText(`offer number ${mails - 1}`)).toBeVisible();
  await axe(page, 'an open message');
  await page
    .getByRole('button', { name: t('mail.reply'), exact: true })
    .first()
    .click();
  const editor = page.getByRole('textbox', { name: t('compose.text.label') });
  // Whoever answers can write at once, above what is quoted.
  await expect(editor).toBeFocused();
  await page.keyboard.type(text);
  await axe(page, 'the answer');
  await page.getByRole('button', { name: t('compose.send.plain'), exact: true }).click();
  await expect(page.getByText(t('compose.sending.sent'), { exact: true }).first()).toBeVisible({ timeout: 30_000 });
}

for (const [device, viewport] of [
  ['a desktop', { width: 1280, height: 800 }],
  ['a phone', { width: 390, height: 844 }],
] as const)
  test.describe(`on ${device}`, () => {
    test.use({ viewport, hasTouch: device === 'a phone' });

    test('from the setup token to the answer in Sent', async ({ page, stage }) => {
      test.setTimeout(180_000);
      const service = await stage.service();
      const box = await stage.mailbox({ mails });
      const begin = Date.now();
      await setUp(page, service);
      await connectByWizard(page, box);
      await page.getByRole('link', { name: t('connect.done.open_mail') }).click();
      // The fifty newest, newest first.
      for (const i of [1, 2, 3, 4, 5])
        await expect(page.getByText(`Order ${mails - i}`, { exact: true }).first()).toBeVisible();
      const text = `Thank you, the chairs are on their way to ${device}: ${service.setupToken.slice(-8)}.`;
      await answer(page, text);
      await arrived(stage, box, text);
      const took = (Date.now() - begin) / 1000;
      expect(took).toBeLessThan(180);
      // The pages show it in Sent, too.
      await page.goto(service.url + '/mail/1');
      await page.getByRole('link', { name: t('mail.folder.sent') }).click();
      await expect(page.getByText(`Re: Order ${mails - 1}`, { exact: true }).first()).toBeVisible();
      console.log(`newcomer on ${device} = ${took.toFixed(1)} s from the first page to the answer in Sent`);
    });
  });
