import type { Page } from '@playwright/test';
import { writeFile } from 'node:fs/promises';
import { admin, axe, connect, expect, signIn, test, type Mailbox, type Service } from './fixtures.ts';
import { words, type Language } from './words.ts';

const t = words('en');

/** toPassword goes through the wizard up to the password. */
async function toPassword(page: Page, service: Service, box: Mailbox): Promise<void> {
  await signIn(page, service);
  await page.goto(service.url + '/connect');
  await page.getByLabel(t('connect.address.label')).fill(box.address);
  await page.getByRole('button', { name: t('connect.next') }).click();
}

async function accounts(page: Page, service: Service): Promise<number> {
  const res = await page.request.get(service.url + '/api/v1/accounts');
  return ((await res.json()) as { items: unknown[] }).items.length;
}

/** inbox connects a mailbox with mails and opens its inbox. */
async function inbox(page: Page, service: Service, box: Mailbox, mails: number): Promise<void> {
  await signIn(page, service);
  await connect(page, service, box, { wait: mails });
  await page.goto(service.url + '/mail/1');
  await expect(page.getByText(`Order ${mails - 1}`, { exact: true }).first()).toBeVisible();
}

test('a wrong password is told, kept and mended in place', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox({ mails: 3 });
  await toPassword(page, service, box);
  const password = page.getByLabel(t('connect.password.password'));
  await password.fill('not the password');
  await page.getByRole('button', { name: t('connect.save'), exact: true }).click();
  await expect(page.getByText(t('errors.auth.bad_credentials.cause')).first()).toBeVisible({ timeout: 30_000 });
  await expect(password).toHaveValue('not the password');
  await axe(page, 'a failed test');
  expect(await accounts(page, service)).toBe(0);
  await password.fill(box.password);
  await page.getByRole('button', { name: t('connect.save'), exact: true }).click();
  await expect(page.getByText(t('connect.done.title', { address: box.address }))).toBeVisible({ timeout: 30_000 });
});

test('an untrusted certificate stops the connection, and says so', async ({ page, stage }) => {
  const service = await stage.service({ admin: true, certificate: 'untrusted' });
  const box = await stage.mailbox({ certificate: 'untrusted' });
  await toPassword(page, service, box);
  await page.getByLabel(t('connect.password.password')).fill(box.password);
  await page.getByRole('button', { name: t('connect.save'), exact: true }).click();
  await expect(page.getByText(t('errors.tls.untrusted.cause')).first()).toBeVisible({ timeout: 30_000 });
  await axe(page, 'an untrusted certificate');
  expect(await accounts(page, service)).toBe(0);
});

test('an unknown provider: the servers are typed, and understood while typing', async ({ page, stage }) => {
  const service = await stage.service({ admin: true, unknown: true });
  const box = await stage.mailbox({ mails: 3 });
  await toPassword(page, service, box);
  await expect(page.getByText(t('connect.choose.unknown', { domain: 'example.com' }))).toBeVisible();
  await axe(page, 'the providers');
  await page.getByRole('button', { name: t('connect.choose.by_hand') }).click();
  await page
    .getByRole('textbox', { name: t('connect.server.incoming') })
    .fill(`${service.incoming.host}:${service.incoming.port}:tls`);
  await expect(page.getByText(t('connect.try.tls', { port: service.incoming.port }))).toBeVisible();
  await page
    .getByRole('textbox', { name: t('connect.server.outgoing') })
    .fill(`${service.outgoing.host}:${service.outgoing.port}:tls`);
  await axe(page, 'servers by hand');
  await page.getByRole('button', { name: t('connect.next') }).click();
  await page.getByLabel(t('connect.password.password')).fill(box.password);
  await page.getByRole('button', { name: t('connect.save'), exact: true }).click();
  await expect(page.getByText(t('connect.done.title', { address: box.address }))).toBeVisible({ timeout: 30_000 });
});

test('the mail server is lost while reading', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox({ mails: 8 });
  await inbox(page, service, box, 8);
  await page.getByText('Order 7', { exact: true }).first().click();
  await expect(page.getByRole('heading', { name: 'Order 7' })).toBeVisible();
  await service.line('refuse');
  // What was loaded is read on; that nothing new comes is said.
  await page.getByText('Order 5', { exact: true }).first().click();
  await expect(page.getByRole('heading', { name: 'Order 5' })).toBeVisible();
  await expect(page.frameLocator('iframe:not([aria-hidden="true"])').getByText('offer number 5')).toBeVisible();
  await expect(page.getByRole('heading', { name: t('mail.state.retrying') })).toBeVisible({ timeout: 30_000 });
  await axe(page, 'an account without its server');
  await stage.deliver(box, { subject: 'It is back', text: 'Good news.' });
  await service.line('ok');
  await expect(page.getByText('It is back', { exact: true }).first()).toBeVisible({ timeout: 30_000 });
});

test('the service itself is lost while reading, and comes back', async ({ page, stage, witness }) => {
  witness.allow(/ERR_CONNECTION|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_NETWORK|status of 50\d/);
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox({ mails: 8 });
  await inbox(page, service, box, 8);
  await page.getByText('Order 7', { exact: true }).first().click();
  await expect(page.getByRole('heading', { name: 'Order 7' })).toBeVisible();
  await service.stop();
  await expect(page.getByText(t('common.offline'))).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole('heading', { name: 'Order 7' })).toBeVisible();
  await axe(page, 'offline');
  await service.start();
  await expect(page.getByText(t('common.offline'))).toBeHidden({ timeout: 40_000 });
  await stage.deliver(box, { subject: 'Live again', text: 'x' });
  await expect(page.getByText('Live again', { exact: true }).first()).toBeVisible({ timeout: 30_000 });
});

test('two tabs show the same', async ({ page, stage, context }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox({ mails: 5 });
  await inbox(page, service, box, 5);
  const other = await context.newPage();
  await other.goto(service.url + '/mail/1');
  await expect(other.getByText('Order 4', { exact: true }).first()).toBeVisible();
  await stage.deliver(box, { subject: 'For both', text: 'x' });
  for (const tab of [page, other])
    await expect(tab.getByText('For both', { exact: true }).first()).toBeVisible({ timeout: 20_000 });
  // Order 3 and "For both" are unread; one tab reads.
  const unread = t('common.nav.mail_unread', { count: 3 });
  await expect(other.getByRole('link', { name: unread })).toBeVisible();
  await page.getByText('For both', { exact: true }).first().click();
  await expect(other.getByRole('link', { name: t('common.nav.mail_unread', { count: 2 }) })).toBeVisible({
    timeout: 20_000,
  });
  // A choice of one tab is the other's, too.
  await page.goto(service.url + '/settings/appearance');
  await page.getByRole('combobox', { name: t('settings.language') }).selectOption('it');
  await expect(other.locator('html')).toHaveAttribute('lang', 'it');
});

test('the session ends while writing, and nothing is lost', async ({ page, stage, context }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox({ mails: 5 });
  await inbox(page, service, box, 5);
  await page.keyboard.press('c');
  await page.getByRole('textbox', { name: t('compose.text.label') }).fill('Half a letter');
  await context.clearCookies();
  await page.getByText('Order 2', { exact: true }).first().click();
  const dialog = page.getByRole('dialog', { name: t('start.again.title') });
  await expect(dialog).toBeVisible();
  await axe(page, 'the sign-in of an ended session');
  await dialog.getByLabel(t('start.password'), { exact: true }).fill(admin.password);
  await dialog.getByRole('button', { name: t('start.sign_in.submit') }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('textbox', { name: t('compose.text.label') })).toHaveText(/Half a letter/);
  // What could not be opened without a session is opened now.
  await expect(page.getByRole('heading', { name: 'Order 2' })).toBeVisible();
  await expect(page.getByText(t('mail.message_failed'))).toHaveCount(0);
});

test('a file of 30 MB is refused at once, one of 20 MB arrives', async ({ page, stage }, info) => {
  test.setTimeout(180_000);
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox({ mails: 2 });
  await inbox(page, service, box, 2);
  await page.keyboard.press('c');
  await page.getByRole('combobox', { name: t('compose.to'), exact: true }).fill('ben@example.com');
  await page.getByLabel(t('compose.subject')).fill('The plans');
  await page.getByRole('textbox', { name: t('compose.text.label') }).fill('Attached.');
  const attach = async (name: string, megabytes: number) => {
    const chooser = page.waitForEvent('filechooser');
    await page
      .getByRole('button', { name: t('compose.files.add') })
      .first()
      .click();
    const file = info.outputPath(name);
    await writeFile(file, Buffer.alloc(megabytes * 1_000_000, 'plans '));
    await (await chooser).setFiles(file);
  };
  await attach('large.bin', 30);
  await expect(page.getByText(/large\.bin.* is too large/)).toBeVisible();
  await axe(page, 'a file that is too large');
  await attach('plans.bin', 20);
  await expect(page.getByText('plans.bin').first()).toBeVisible();
  // The button is at work while the file is read, and takes no clicks.
  const send = page.getByRole('button', { name: t('compose.send.plain'), exact: true });
  await expect(send).not.toHaveAttribute('aria-busy');
  await send.click();
  await expect(page.getByRole('textbox', { name: t('compose.text.label') })).toHaveCount(0);
  await expect
    .poll(
      async () =>
        (await stage.mails(box, 'Sent')).map((m) => m.text.length > 26_000_000 && m.text.includes('plans.bin')),
      {
        timeout: 90_000,
      },
    )
    .toEqual([true]);
});

test('the language is switched, on this page and for good', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  await signIn(page, service);
  await page.goto(service.url + '/settings/appearance');
  let before: Language = 'en';
  for (const language of ['it', 'ru', 'es', 'en'] as const) {
    const is = words(language);
    await page.getByRole('combobox', { name: words(before)('settings.language') }).selectOption(language);
    await expect(page.locator('html')).toHaveAttribute('lang', language);
    await expect(page.getByRole('heading', { name: is('settings.appearance') })).toBeVisible();
    await page.reload();
    await expect(page.locator('html')).toHaveAttribute('lang', language);
    await expect(page.getByRole('heading', { name: is('settings.appearance') })).toBeVisible();
    before = language;
  }
});
