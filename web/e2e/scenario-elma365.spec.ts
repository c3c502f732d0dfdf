import type { Browser, Page } from '@playwright/test';
import { axe, expect, signIn, test, type Mailbox, type Service } from './fixtures.ts';
import { button, link, person, send, t, type Person } from './scenario.ts';

const secret = (page: Page) => page.getByLabel(t('connect.password.password'), { exact: true });
const told = (page: Page, key: string, values = {}) =>
  page.getByRole('region', { name: t('ui.toasts') }).getByText(t(key, values));
const row = (page: Page, label: string) =>
  page.getByRole('dialog').locator('dt', { hasText: label }).locator('xpath=following-sibling::dd[1]');

/** Stands for the notices of the system, which a browser without a screen does not show. */
function recordNotices() {
  class Recorded {
    static permission = 'granted';
    static shown: string[] = [];
    onclick?: () => void;
    constructor(title: string, options: { body?: string }) {
      Recorded.shown.push(`${title}: ${options.body}`);
      Object.assign(window, { lastNotice: this });
    }
    close() {}
  }
  Object.assign(window, { Notification: Recorded, notices: Recorded.shown });
}

const noticesOf = (page: Page) => page.evaluate(() => (window as unknown as { notices: string[] }).notices);

/** rules changes policies as the administrator; then the browser is signed in as the administrator. */
async function rules(page: Page, service: Service, change: object): Promise<void> {
  await signIn(page, service);
  const stored = await page.request.get(service.url + '/api/v1/policies');
  const { rules } = (await stored.json()) as { rules: object };
  await send(page, service, 'PUT', '/policies', { ...rules, ...change });
}

/** corporate adds a provider on its page. */
async function corporate(page: Page, service: Service): Promise<void> {
  await page.goto(service.url + '/admin/providers');
  await link(page, 'admin.providers.add').click();
  await page.getByLabel(t('admin.providers.name'), { exact: true }).fill('Corporate mail');
  for (const side of ['incoming', 'outgoing'] as const) {
    const group = page.getByRole('group', { name: t(`settings.side.${side}.title`), exact: true });
    await group.getByLabel(t('settings.server')).fill(service[side].host);
    await group.getByLabel(t('settings.security')).selectOption(service[side].security);
    await group.getByLabel(t('settings.port')).fill(String(service[side].port));
  }
  await button(page, 'settings.save').click();
  await expect(page.getByRole('heading', { name: 'Corporate mail', level: 1 })).toBeVisible();
}

/** types fills in the two fields of servers and looks at what was understood. */
async function types(page: Page, service: Service): Promise<void> {
  const fields = {
    incoming: page.getByRole('textbox', { name: t('connect.server.incoming') }),
    outgoing: page.getByRole('textbox', { name: t('connect.server.outgoing') }),
  };
  await fields.incoming.fill('imap.works.example');
  const both = { first: t('connect.try.tls', { port: 993 }), second: t('connect.try.starttls', { port: 143 }) };
  await expect(page.getByText(t('connect.try.both', both))).toBeVisible();
  await fields.outgoing.fill('smtps://smtp.works.example');
  await expect(page.getByText(t('connect.try.tls', { port: 465 }))).toBeVisible();
  await expect(page.getByText(t('connect.server.fixed'))).toBeVisible();
  await fields.outgoing.fill('mail works');
  await expect(page.getByText(t('connect.typed.host'))).toBeVisible();
  for (const side of ['incoming', 'outgoing'] as const) {
    const { host, port, security } = service[side];
    await fields[side].fill(`${host}:${port}`);
    await page
      .getByRole('group', { name: t(`connect.server.${side}`) })
      .getByLabel(t('connect.security.label'))
      .selectOption(security);
    await expect(page.getByText(t(`connect.try.${security}`, { port })).first()).toBeVisible();
  }
  await axe(page, 'servers in one field each');
  await button(page, 'connect.next').click();
}

/** phone is another device of the same person. */
async function phone(browser: Browser, service: Service, who: Person): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'en-GB' });
  await context.addInitScript(recordNotices);
  const page = await context.newPage();
  await signIn(page, service, who);
  await page.goto(service.url + '/settings/notifications');
  return page;
}

const drawing = (box: Mailbox) =>
  Buffer.from(
    [
      'From: Ben <ben@example.org>',
      `To: ${box.address}`,
      'Subject: The offer',
      'Message-ID: <offer@example.org>',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain',
      '',
      'See the drawing.',
      '--b',
      'Content-Type: application/octet-stream',
      'Content-Disposition: attachment; filename=drawing.bin',
      '',
      'a line, another line',
      '--b--',
      '',
    ].join('\r\n'),
  );

test('ELMA365: the one account of a user, from the workspace and from the settings', async ({
  page,
  stage,
  witness,
}) => {
  test.setTimeout(180_000);
  witness.allow(/409|422/);
  const service = await stage.service({ admin: true, unknown: true });
  const box = await stage.mailbox({ mails: 3 });
  await signIn(page, service);
  const elena = await person(page, service, 'Elena');

  await test.step('E27: the administrator adds a corporate server', () => corporate(page, service));
  await test.step('E28: hides a service that nobody uses, and forbids entry by hand; E1: one account', async () => {
    await page.goto(service.url + '/admin/providers/gmail');
    await page.getByRole('switch', { name: t('admin.providers.offered') }).click();
    await expect(told(page, 'admin.providers.now_hidden', { name: 'Gmail' })).toBeVisible();
    await page.goto(service.url + '/admin/policies');
    await page.getByLabel(t('policies.per_user')).fill('1');
    await page.getByRole('switch', { name: t('policies.typed') }).uncheck();
    await button(page, 'settings.save').click();
    await expect(told(page, 'settings.saved')).toBeVisible();
  });
  await test.step('E2: from the empty workspace; E4, E27, E28: the list', async () => {
    await signIn(page, service, elena);
    await page.goto(service.url + '/mail');
    await link(page, 'mail.none.action').click();
    await page.getByLabel(t('connect.address.label')).fill('elena@gmail.com');
    await page.keyboard.press('Enter');
    await expect(page.getByText(t('connect.problem.hidden', { name: 'Gmail' }))).toBeVisible();
    await axe(page, 'a hidden service');
    await link(page, 'connect.problem.other_address').click();
    await page.getByLabel(t('connect.address.label')).fill(box.address);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('button', { name: /^Corporate mail/ })).toBeVisible();
    await expect(page.getByRole('button', { name: /^Yahoo/ }).first()).toBeVisible();
    await expect(page.getByRole('button', { name: /^Gmail/ })).toHaveCount(0);
    await expect(page.getByText(t('policies.limits.typed'))).toBeVisible();
    await expect(page.getByText(t('connect.choose.by_hand'))).toHaveCount(0);
    await axe(page, 'the list of services');
    // Its servers are not known: without typing them it would lead nowhere.
    await page.getByLabel(t('connect.choose.search')).fill('Exchange Server');
    await expect(page.getByText(t('connect.choose.none', { query: 'Exchange Server' }), { exact: true })).toBeVisible();
  });
  await test.step('E2: from the settings; E5, E28: entry by hand is allowed; E6, E9 to E12: the fields', async () => {
    await rules(page, service, { typed_servers: true });
    await signIn(page, service, elena);
    await page.goto(service.url + '/settings/accounts');
    await link(page, 'settings.accounts.connect').click();
    await page.getByLabel(t('connect.address.label')).fill(box.address);
    await page.keyboard.press('Enter');
    await page.getByText(t('connect.choose.by_hand')).click();
    await types(page, service);
  });
  await test.step('E14: the test appears with the password; E15: a wrong one, in plain words', async () => {
    await expect(button(page, 'connect.test')).toHaveCount(0);
    await secret(page).fill('not hers');
    await button(page, 'connect.test').click();
    await expect(page.getByText(t('errors.auth.bad_credentials.cause')).first()).toBeVisible({ timeout: 30_000 });
    await axe(page, 'a wrong password');
    await secret(page).fill(box.password);
    await button(page, 'connect.test').click();
    await expect(page.getByText(t('connect.all_works'))).toBeVisible({ timeout: 30_000 });
  });
  await test.step('E20: saved, and the mails are there', async () => {
    await button(page, 'connect.save').click();
    await expect(page.getByText(t('connect.done.title', { address: box.address }))).toBeVisible({ timeout: 30_000 });
    await link(page, 'connect.done.open_mail').click();
    await expect(page.getByText('Order 2', { exact: true }).first()).toBeVisible({ timeout: 30_000 });
  });
  await test.step('E1: no second one, and why', async () => {
    for (const path of ['/settings/accounts', '/connect']) {
      await page.goto(service.url + path);
      await expect(page.getByText(t('errors.policy.accounts_per_user.cause'))).toBeVisible();
    }
    await expect(page.getByLabel(t('connect.address.label'))).toHaveCount(0);
    await axe(page, 'no second account');
  });
});

test('ELMA365: notices on this device and on the phone are two switches', async ({ page, stage, context, browser }) => {
  test.setTimeout(120_000);
  await context.addInitScript(recordNotices);
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox({ mails: 1 });
  await signIn(page, service);
  const elena = await person(page, service, 'Elena');
  await signIn(page, service, elena);
  await send(page, service, 'POST', '/connect/save', box);

  await test.step('E17: on, on this device; E18: off, on the phone, or the other way round', async () => {
    await page.goto(service.url + '/settings/notifications');
    await page.getByRole('switch', { name: t('settings.notices.switch') }).click();
    await page.reload();
    await expect(page.getByRole('switch', { name: t('settings.notices.switch') })).toBeChecked();
  });
  const other = await phone(browser, service, elena);
  const onPhone = other.getByRole('switch', { name: t('settings.notices.switch') });
  await expect(onPhone).not.toBeChecked();
  await expect(other.getByText(t('settings.notices.device'))).toBeVisible();
  await axe(other, 'the switch of the phone');

  const arrives = async (subject: string) => {
    await stage.deliver(box, { from: 'ben@example.org', subject, text: 'By Friday, please.' });
    for (const device of [page, other])
      await expect
        .poll(async () => {
          const res = await device.request.get(
            service.url + '/api/v1/accounts/1/messages?q=' + subject.split(' ').pop(),
          );
          return ((await res.json()) as { items?: object[] }).items?.length;
        })
        .toBe(1);
  };
  await test.step('E19: author and subject; a click opens the mail', async () => {
    await page.goto(service.url + '/welcome');
    await expect(page.getByRole('link', { name: t('common.nav.mail_unread', { count: 1 }) })).toBeVisible();
    await arrives('A table for four');
    await expect.poll(() => noticesOf(page)).toEqual(['ben@example.org: A table for four']);
    expect(await noticesOf(other)).toEqual([]);
    await page.evaluate(() => (window as unknown as { lastNotice: { onclick(): void } }).lastNotice.onclick());
    await expect(page.getByRole('heading', { name: 'A table for four' }).first()).toBeVisible();
  });
  await test.step('E18: the phone tells, this device does not', async () => {
    await onPhone.click();
    await page.goto(service.url + '/settings/notifications');
    await page.getByRole('switch', { name: t('settings.notices.switch') }).click();
    await expect(page.getByRole('switch', { name: t('settings.notices.switch') })).not.toBeChecked();
    await arrives('A table for six');
    await expect.poll(() => noticesOf(other)).toEqual(['ben@example.org: A table for six']);
    expect(await noticesOf(page)).toEqual([]);
  });
  await other.context().close();
});

test('ELMA365: a linked mail stays when the account goes; another one, and the first again', async ({
  page,
  stage,
  witness,
}) => {
  test.setTimeout(180_000);
  witness.allow(/404|409/);
  const service = await stage.service({ admin: true });
  const [box, next] = [await stage.mailbox({ mails: 3 }), await stage.mailbox()];
  await stage.deliver(box, { raw: drawing(box) });
  await signIn(page, service);
  const elena = await person(page, service, 'Elena');
  const igor = await person(page, service, 'Igor');
  await rules(page, service, { accounts_per_user: 1 });
  await signIn(page, service, elena);
  const { account } = await send<{ account: { id: number } }>(page, service, 'POST', '/connect/save', box);
  const item = page.getByRole('list', { name: t('records.mails_of') });
  const dialog = page.getByRole('dialog');
  const disconnects = async (address: string) => {
    await button(page, 'settings.remove.open').click();
    await dialog.getByRole('button', { name: t('settings.disconnect.go') }).click();
    await expect(told(page, 'settings.disconnect.done', { address }).first()).toBeVisible();
    await expect(page).toHaveURL(service.url + '/settings/accounts');
  };

  await test.step('E34: the mail is linked to an item', async () => {
    await page.goto(`${service.url}/mail/${account.id}`);
    await page.getByText('The offer', { exact: true }).first().click();
    await expect(page.getByRole('heading', { name: 'The offer' })).toBeVisible();
    await page.keyboard.press('l');
    await dialog.getByRole('searchbox').fill('A new workshop');
    const made = { name: 'A new workshop', type: t('records.type.request') };
    await dialog.getByRole('button', { name: t('records.create_as', made), exact: true }).click();
    await expect(dialog).toBeHidden();
  });
  await test.step('E21: what goes and what stays is counted', async () => {
    await page.goto(`${service.url}/settings/accounts/${account.id}`);
    await button(page, 'settings.remove.open').click();
    await expect(row(page, t('settings.disconnect.messages'))).toHaveText('4');
    await expect(row(page, t('settings.disconnect.linked'))).toHaveText('1');
    await axe(page, 'the preview of disconnecting');
    await page.keyboard.press('Escape');
    await disconnects(box.address);
  });
  await test.step('E22: the imported mails are gone', async () => {
    await page.goto(service.url + '/mail');
    await expect(link(page, 'mail.none.action')).toBeVisible();
  });
  await test.step('E23, E39: the linked mail stands on the item, with its file, for a colleague too', async () => {
    for (const who of [igor, elena]) {
      await signIn(page, service, who);
      await page.goto(service.url + '/records');
      await page.getByRole('link', { name: /A new workshop/ }).click();
      await item.getByRole('link', { name: /The offer/ }).click();
      await expect(page.getByText('See the drawing.')).toBeVisible();
      await expect(page.getByText('drawing.bin').first()).toBeVisible();
    }
  });
  await test.step('E24: another address in its place; there is no room for the first', async () => {
    await page.goto(service.url + '/settings/accounts');
    await link(page, 'settings.accounts.connect').click();
    await page.getByLabel(t('connect.address.label')).fill(next.address);
    await page.keyboard.press('Enter');
    await secret(page).fill(next.password);
    await button(page, 'connect.save').click();
    await expect(page.getByText(t('connect.done.title', { address: next.address }))).toBeVisible({ timeout: 30_000 });
    await page.goto(service.url + '/settings/accounts');
    await page.getByRole('button', { name: `${t('settings.deleted.restore')} ${box.address}` }).click();
    await expect(page.getByText(t('errors.policy.accounts_per_user.cause')).nth(1)).toBeVisible();
    await axe(page, 'no room for the first account');
  });
  await test.step('the first comes back in its place, with its mails once', async () => {
    await page.getByRole('link', { name: new RegExp(next.address) }).click();
    await disconnects(next.address);
    await page.getByRole('button', { name: `${t('settings.deleted.restore')} ${box.address}` }).click();
    await page.getByLabel(t('settings.account.password.new'), { exact: true }).fill(box.password);
    await button(page, 'settings.account.password.save').click();
    await expect(page.getByText(t('settings.needs.password'))).toHaveCount(0);
    await page.goto(`${service.url}/mail/${account.id}`);
    await expect(page.getByText('The offer', { exact: true })).toHaveCount(1);
    await page.getByText('The offer', { exact: true }).first().click();
    const links = page.getByRole('region', { name: t('records.of_message') });
    await links.getByRole('link', { name: /A new workshop/ }).click();
    await expect(item.getByRole('listitem')).toHaveCount(1);
  });
});
