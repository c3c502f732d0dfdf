import type { Page } from '@playwright/test';
import { axe, expect, signIn, test, type Mailbox, type Service } from './fixtures.ts';
import { address, button, link, person, send, shared, t } from './scenario.ts';

test.describe.configure({ timeout: 180_000 });

const field = (page: Page, key: string) => page.getByLabel(t(`templates.field.${key}`), { exact: true });
const toasts = (page: Page) => page.getByRole('region', { name: t('ui.toasts') });
const letter = (page: Page) => page.getByRole('dialog').filter({ has: page.getByPlaceholder(t('compose.subject')) });
const row = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text });

/** create goes through the first form, of name, displayed name and address. */
async function create(page: Page, service: Service, box: Mailbox): Promise<number> {
  await page.goto(service.url + '/admin/accounts');
  await button(page, 'admin.accounts.create').first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(t('admin.accounts.name'), { exact: true }).fill('Company');
  await dialog.getByLabel(t('admin.accounts.display_name')).fill('The company Ltd');
  await dialog.getByLabel(t('admin.accounts.address')).fill(box.address);
  await axe(page, 'the first form');
  await dialog.getByRole('button', { name: t('admin.accounts.make') }).click();
  await expect(page.getByText(t('settings.needs.servers'))).toBeVisible();
  return Number(page.url().split('/').pop());
}

/** edit completes the access data, after a wrong password. */
async function edit(page: Page, service: Service, box: Mailbox): Promise<void> {
  await button(page, 'settings.side.outgoing.add').click();
  await page.getByLabel(t('settings.server'), { exact: true }).fill(service.outgoing.host);
  await page.getByLabel(t('settings.port')).fill(String(service.outgoing.port));
  await page.getByLabel(t('settings.security')).selectOption(service.outgoing.security);
  await expect(page.getByLabel(t('settings.login'), { exact: true })).toHaveValue(box.address);
  const password = page.getByLabel(t('settings.password'), { exact: true });
  await password.fill('not this');
  await button(page, 'settings.server.save').click();
  await expect(page.getByText(t('errors.auth.bad_credentials.cause')).first()).toBeVisible({ timeout: 30_000 });
  await axe(page, 'a wrong password');
  await password.fill(box.password);
  await button(page, 'settings.server.save').click();
  await expect(toasts(page).getByText(t('settings.server.saved'))).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText(t('settings.needs.servers'))).toHaveCount(0);
}

/** reports reports a problem from the page of whoever is signed in. */
async function reports(page: Page, service: Service, name: string): Promise<void> {
  await page.goto(service.url + '/settings/profile');
  await page.getByRole('button', { name: t('common.user.label', { name }) }).click();
  await button(page, 'notice.report.title').click();
  const dialog = page.getByRole('dialog', { name: t('notice.report.title') });
  await dialog.getByLabel(t('notice.report.what')).fill('The invoice is not sent.');
  await expect(dialog.locator('[data-report]')).toContainText('The invoice is not sent.');
  await dialog.getByRole('button', { name: t('notice.report.send') }).click();
  await expect(toasts(page).getByText(t('notice.report.sent'))).toBeVisible();
}

test('OpenSTAManager: from the account of three fields to its deletion', async ({ page, stage, witness }) => {
  witness.allow(/422/);
  const service = await stage.service({ admin: true, unknown: true });
  const [box, other, desk] = [await stage.mailbox(), await stage.mailbox(), await stage.mailbox()];
  await signIn(page, service);
  const ugo = await person(page, service, 'Ugo');
  const { rules } = (await (await page.request.get(service.url + '/api/v1/policies')).json()) as { rules: object };
  await send(page, service, 'PUT', '/policies', { ...rules, report_to: desk.address });
  const arrived = (text: string) =>
    expect
      .poll(async () => (await stage.mails(desk, 'INBOX')).filter((m) => m.text.includes(text)).length, {
        timeout: 30_000,
      })
      .toBe(1);

  let company = 0;
  await test.step('O4-O8: (+) asks for name, displayed name and address', async () => {
    company = await create(page, service, box);
  });
  await test.step('O9-O13: edit completes server, port, security, user name and password', () =>
    edit(page, service, box));
  await test.step('O14: set as default', async () => {
    await expect(page.getByText(t('admin.system.lead'))).toBeVisible();
    await page.getByRole('switch', { name: t('admin.system.switch') }).check();
    await expect(toasts(page).getByText(t('admin.system.is', { address: box.address }))).toBeVisible();
  });
  await test.step('O29: the credentials are checked, and a test mail sent', async () => {
    await button(page, 'settings.test').first().click();
    await expect(page.getByText(t('ui.report.all_work')).first()).toBeAttached({ timeout: 30_000 });
    await button(page, 'notice.mail').click();
    const dialog = page.getByRole('dialog', { name: t('notice.mail.title') });
    await dialog.getByLabel(t('notice.mail.to')).fill(desk.address);
    await dialog.getByRole('button', { name: t('notice.mail.send'), exact: true }).click();
    await expect(page.locator('[data-step=accepted][data-state=done]')).toBeVisible({ timeout: 30_000 });
    await arrived(t('notice.mail.subject.default'));
  });
  await test.step('O14, O36: a new template has it', async () => {
    await page.goto(service.url + '/admin/templates');
    await link(page, 'templates.add').click();
    await expect(field(page, 'account_id')).toHaveValue(String(company));
    await field(page, 'name').fill('Invoice');
    await field(page, 'module').fill('Sales invoices');
    await field(page, 'subject').fill('Your invoice');
    await button(page, 'settings.save').click();
    await expect(page.getByRole('heading', { name: 'Invoice', level: 1 })).toBeVisible();
  });
  await test.step('O14: a problem that a user reports arrives by it', async () => {
    await signIn(page, service, ugo);
    await reports(page, service, 'Ugo');
    await arrived('The invoice is not sent.');
    expect((await stage.mails(desk, 'INBOX')).every((m) => m.text.includes(`<${box.address}>`))).toBe(true);
  });

  await signIn(page, service);
  const second = await shared(page, service, other, 'Sales');
  await test.step('O31: it is not deleted while a template uses it, which is named with a link', async () => {
    await send(page, service, 'PUT', '/system-account', { account_id: second });
    await page.goto(`${service.url}/admin/accounts/${company}`);
    await button(page, 'settings.remove.open').click();
    const dialog = page.getByRole('dialog');
    await expect(dialog.getByText(t('settings.disconnect.in_use'))).toBeVisible();
    await expect(dialog.getByRole('button', { name: t('settings.disconnect.go'), exact: true })).toBeDisabled();
    await axe(page, 'an account in use');
    await dialog.getByRole('link', { name: t('settings.use.template', { name: 'Invoice' }) }).click();
    await expect(page.getByRole('heading', { name: 'Invoice', level: 1 })).toBeVisible();
  });
  await test.step('O31: the template names another account, and it is deleted', async () => {
    await field(page, 'account_id').selectOption(String(second));
    await button(page, 'settings.save').click();
    await expect(toasts(page).getByText(t('settings.saved'))).toBeVisible();
    await page.goto(`${service.url}/admin/accounts/${company}`);
    await button(page, 'settings.remove.open').click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: t('settings.disconnect.go'), exact: true })
      .click();
    await expect(toasts(page).getByText(t('settings.disconnect.done', { address: box.address }))).toBeVisible();
  });
});

test('OpenSTAManager O35, O38: copies for allowed groups; the queue', async ({ page, stage }) => {
  const service = await stage.service({ admin: true, unknown: true });
  const [box, customer] = [await stage.mailbox(), await stage.mailbox()];
  await signIn(page, service);
  const company = await shared(page, service, box, 'Company');
  await send(page, service, 'PUT', '/system-account', { account_id: company });
  await send(page, service, 'POST', '/templates', { name: 'Invoice', module: 'invoices', subject: 'Your invoice' });
  const office = await send(page, service, 'POST', '/profiles', { name: 'Office' });
  const sara = await person(page, service, 'Sara', [office.id]);
  const tea = await person(page, service, 'Tea');
  await test.step('O35: the administrator names the groups', async () => {
    await page.goto(service.url + '/admin/policies');
    await page.getByRole('combobox', { name: t('policies.copies') }).selectOption('profiles');
    await page.getByRole('checkbox', { name: 'Office' }).check();
    await button(page, 'settings.save').click();
    await expect(toasts(page).getByText(t('settings.saved'))).toBeVisible();
  });
  const compose = async (who: typeof sara) => {
    await signIn(page, service, who);
    await page.goto(service.url + '/outbox');
    await expect(page.getByRole('heading', { level: 1 }).first()).toBeAttached();
    await page.keyboard.press('c');
    await letter(page)
      .getByRole('combobox', { name: t('compose.to'), exact: true })
      .fill(customer.address);
  };
  const cc = letter(page).getByRole('button', { name: t('compose.cc'), exact: true });
  await test.step('O35: others have no field for copies', async () => {
    await compose(tea);
    await expect(letter(page).getByText(t('policies.limits.copies'))).toBeVisible();
    await expect(cc).toHaveCount(0);
    await axe(page, 'no copies');
  });
  await service.line('refuse', 'outgoing');
  await test.step('O35: who is of the group sends a copy, by the template', async () => {
    await compose(sara);
    await cc.click();
    await letter(page)
      .getByRole('combobox', { name: t('compose.cc'), exact: true })
      .fill('ben@example.com');
    const none = t('templates.compose.change', { name: t('templates.compose.nothing') });
    await letter(page).getByRole('button', { name: none }).click();
    await page.getByRole('menuitemcheckbox', { name: /Invoice/ }).click();
    await expect(letter(page).getByPlaceholder(t('compose.subject'))).toHaveValue('Your invoice');
    await letter(page)
      .getByRole('textbox', { name: t('compose.text.label') })
      .fill('Please find it attached.');
    await letter(page).getByRole('button', { name: /^Send/ }).click();
    await toasts(page)
      .getByRole('listitem')
      .filter({ hasText: t('compose.sending.soon') })
      .getByRole('button', { name: t('ui.close') })
      .click();
    await expect
      .poll(async () => {
        const { items } = (await (await page.request.get(service.url + '/api/v1/outbox')).json()) as {
          items: { subject: string }[];
        };
        return items.map((m) => m.subject);
      })
      .toEqual(['Your invoice']);
  });
  await test.step('O38: the queue has it, with the account, the template and the receivers; sent now', async () => {
    await signIn(page, service);
    await page.goto(service.url + '/outbox');
    await page.getByRole('radio', { name: t('outbox.filter.everyone') }).click();
    await page.getByRole('link').filter({ hasText: 'Your invoice' }).click();
    await expect(page.getByText(t('outbox.state.put_off'), { exact: true }).first()).toBeVisible({ timeout: 30_000 });
    await expect(page.getByText(t('ui.why.template', { address: box.address, template: 'Invoice' }))).toBeVisible();
    await expect(page.getByText('ben@example.com', { exact: true }).first()).toBeVisible();
    await expect(page.getByText('Sara', { exact: true })).toBeVisible();
    await axe(page, 'a mail in the queue');
    await service.line('ok', 'outgoing');
    // A try by itself may come first.
    await button(page, 'outbox.retry.now')
      .click({ timeout: 2_000 })
      .catch(() => undefined);
    await expect(page.getByText(t('outbox.meaning.accepted')).first()).toBeVisible({ timeout: 30_000 });
    for (const whose of [customer, { address: 'ben@example.com', password: '' }])
      await expect
        .poll(async () => (await stage.mails(whose, 'INBOX')).some((m) => m.text.includes('Your invoice')))
        .toBe(true);
  });
});

test('OpenSTAManager O15: the account from settings; the table of accounts', async ({ page, stage }) => {
  const service = await stage.service({
    admin: true,
    unknown: true,
    settings: { smtp_server: 'smtp.example.com:465', smtp_security: 'tls', smtp_from: 'firm@example.com' },
  });
  const box = await stage.mailbox();
  await test.step('O15: the settings are an account, and the default; once', async () => {
    for (let start = 1; start <= 2; start++) {
      await signIn(page, service);
      await page.goto(service.url + '/admin/accounts');
      await expect(page.getByRole('link', { name: 'Account from settings' })).toHaveCount(1);
      if (start === 1) {
        await service.stop();
        await service.start();
      }
    }
    await page.getByRole('link', { name: 'Account from settings' }).click();
    await expect(page.getByRole('switch', { name: t('admin.system.switch') })).toBeChecked();
    await axe(page, 'the account from settings');
  });
  await test.step('the table of accounts is looked at, then imported', async () => {
    const { host, port } = service.outgoing;
    const dump = [
      "CREATE TABLE `em_accounts` (`id` int, `name` varchar(255), `server` varchar(255), `port` varchar(255), `username` varchar(255), `password` varchar(255), `from_name` varchar(255), `from_address` varchar(255), `encryption` enum('','tls','ssl'), `predefined` tinyint(1));",
      `INSERT INTO \`em_accounts\` VALUES (1,'Azienda','${host}','${port}','${box.address}','${box.password}','Azienda','${box.address}','ssl',1),`,
      `(2,'Vecchio','smtp.example.it','25','x','x','','vecchio@example.it','',0);`,
    ].join('\n');
    await page.goto(service.url + '/admin/import');
    await page
      .getByTestId('import-file')
      .setInputFiles({ name: 'dump.sql', mimeType: 'application/sql', buffer: Buffer.from(dump) });
    await expect(row(page, 'Azienda')).toContainText(t('admin.import.would.new'));
    await expect(row(page, 'Vecchio')).toContainText(t('errors.security.plain_forbidden.cause'));
    await axe(page, 'the table of accounts');
    await page.getByRole('button', { name: t('admin.import.go', { count: 1 }) }).click();
    await expect(page.getByText(t('admin.import.done', { count: 1 }))).toBeVisible();
    await row(page, 'Azienda').getByRole('link').click();
    await button(page, 'settings.test').first().click();
    await expect(page.getByText(t('ui.report.all_work')).first()).toBeAttached({ timeout: 30_000 });
  });
});

test('OpenSTAManager O16-O18, O32: the wizard tells what providers ask for', async ({ page, stage }) => {
  const service = await stage.service({ admin: true, unknown: true });
  await signIn(page, service);
  const ugo = await person(page, service, 'Ugo');
  await test.step('O20, O32: Gmail wants an app password, with the way to make one', async () => {
    await address(page, service, ugo, { address: 'azienda@gmail.com', password: '' });
    await expect(page.getByText(t('connect.needs.app', { name: 'Gmail' }))).toBeVisible();
    const steps = page.getByRole('list').filter({ hasText: t('providers.app_password') });
    await expect(steps.getByText(t('providers.two_step', { name: 'Gmail' }))).toBeVisible();
    await expect(steps.getByRole('link', { name: t('providers.page') })).toHaveAttribute(
      'href',
      'https://myaccount.google.com/apppasswords',
    );
    await axe(page, 'what Gmail asks for');
  });
  await test.step('O18: Aruba is reached with protection', async () => {
    await address(page, service, ugo, { address: 'azienda@aruba.it', password: '' });
    await expect(page.getByText('smtps.aruba.it').first()).toBeAttached();
    await expect(page.getByText('465').first()).toBeAttached();
  });
});
