import type { Page } from '@playwright/test';
import { admin, axe, connect, expect, signIn, test, type Service } from './fixtures.ts';
import { words } from './words.ts';

const t = words('en');

/** told is the notice in passing that says this. */
const told = (page: Page, key: string, values = {}) =>
  page.getByRole('region', { name: t('ui.toasts') }).getByText(t(key, values));
const item = (page: Page, text: string) => page.getByRole('main').getByRole('listitem').filter({ hasText: text });
const button = (page: Page, key: string, values = {}) =>
  page.getByRole('button', { name: t(key, values), exact: true });

async function post(page: Page, service: Service, path: string, data: object): Promise<{ id: number }> {
  const res = await page.request.post(`${service.url}/api/v1${path}`, { data });
  expect(res.status(), await res.text()).toBeLessThan(300);
  return (await res.json()) as { id: number };
}

test('a user is added with a password and a profile, and locked out again', async ({ page, stage, playwright }) => {
  const service = await stage.service({ admin: true });
  await signIn(page, service);
  await page.goto(service.url + '/admin/profiles');
  await expect(page.getByText(t('admin.profiles.empty'))).toBeVisible();
  await page.getByLabel(t('admin.profiles.name')).fill('Sales');
  await page.keyboard.press('Enter');
  await expect(item(page, 'Sales')).toBeVisible();

  await page.getByRole('link', { name: t('admin.users'), exact: true }).click();
  await button(page, 'admin.users.add').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(t('admin.users.email')).fill(admin.email);
  await dialog.getByLabel(t('admin.users.name')).fill('Ben Osei');
  await dialog.getByLabel('Sales').check();
  await dialog.getByRole('button', { name: t('admin.password.make') }).click();
  const password = await dialog.locator('input[autocomplete=new-password]').inputValue();
  expect(password).toMatch(/^(\w{4}-){3}\w{4}$/);
  await axe(page, 'a new user');
  // The address is taken; nothing that was typed is lost.
  await dialog.getByRole('button', { name: t('admin.users.make'), exact: true }).click();
  await expect(dialog.getByText(t('errors.user.exists.cause'))).toBeVisible();
  await dialog.getByLabel(t('admin.users.email')).fill('ben@example.com');
  await dialog.getByRole('button', { name: t('admin.users.make'), exact: true }).click();
  await expect(told(page, 'admin.users.added', { name: 'Ben Osei' })).toBeVisible();
  const row = page.getByRole('row').filter({ hasText: 'ben@example.com' });
  await expect(row.getByText('Sales')).toBeVisible();

  const ben = await playwright.request.newContext();
  const enters = async () =>
    (await ben.post(service.url + '/api/v1/session', { data: { email: 'ben@example.com', password } })).status();
  expect(await enters()).toBe(201);
  await row.getByRole('link').click();
  await page.getByRole('switch', { name: t('admin.users.switch') }).click();
  await expect(told(page, 'admin.users.disabled_done', { name: 'Ben Osei' })).toBeVisible();
  expect(await enters()).not.toBe(201);
  await button(page, 'settings.undo').click();
  await expect(page.getByRole('switch', { name: t('admin.users.switch') })).toBeChecked();
  expect(await enters()).toBe(201);
  await axe(page);
  await ben.dispose();
});

test('a profile that goes can be brought back, for some seconds', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  await signIn(page, service);
  await post(page, service, '/profiles', { name: 'Support' });
  await page.goto(service.url + '/admin/profiles');
  const row = item(page, 'Support');
  await row.getByRole('button').click();
  await expect(row).toHaveCount(0);
  await button(page, 'settings.undo').click();
  await expect(row).toBeVisible();
  await row.getByRole('button').click();
  // Leaving the page carries it out.
  await page.goto(service.url + '/admin/users');
  await expect
    .poll(async () => (await (await page.request.get(service.url + '/api/v1/profiles')).json()).items.length)
    .toBe(0);
});

test('an account is given, taken, and made the system’s; who would send follows', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox();
  await signIn(page, service);
  const id = await connect(page, service, box);
  const ben = await post(page, service, '/users', { email: 'ben@example.com', name: 'Ben Osei' });
  await page.goto(`${service.url}/admin/accounts/${id}`);

  await expect(page.getByText(t('admin.sharing.none'))).toBeVisible();
  await button(page, 'admin.sharing.add').click();
  await page.getByLabel(t('admin.user'), { exact: true }).last().selectOption(String(ben.id));
  await axe(page, 'giving access');
  await page
    .locator('form')
    .getByRole('button', { name: t('admin.sharing.give'), exact: true })
    .click();
  const given = item(page, 'Ben Osei');
  await expect(given).toContainText(t('admin.right.send'));
  await given.getByRole('button').click();
  await expect(given).toHaveCount(0);
  await button(page, 'settings.undo').click();
  await expect(given).toBeVisible();

  await page.getByRole('switch', { name: t('admin.system.switch') }).click();
  await expect(told(page, 'admin.system.is', { address: box.address })).toBeVisible();
  // Removal is refused while others use the account, and says so.
  await button(page, 'settings.remove.open').click();
  await expect(page.getByRole('dialog').getByText(t('settings.use.system'))).toBeVisible();

  await page.goto(`${service.url}/admin/senders/${ben.id}`);
  await expect(page.getByRole('main').getByRole('link', { name: box.address })).toBeVisible();
  await button(page, 'admin.senders.check', { count: 2 }).click();
  await expect(page.getByText(t('admin.senders.all_well', { count: 2 }))).toBeVisible();
  await axe(page);
});

test('a domain is mapped, changed and deleted', async ({ page, stage, witness }) => {
  witness.allow(/422/);
  const service = await stage.service({ admin: true, unknown: true });
  await signIn(page, service);
  await page.goto(service.url + '/admin/domains');
  await expect(page.getByText(t('admin.domains.empty'))).toBeVisible();
  await button(page, 'admin.domains.add').click();
  const sheet = page.getByRole('dialog');
  await sheet.getByLabel(t('admin.domain'), { exact: true }).fill('not a domain');
  await sheet.getByRole('radio', { name: t('admin.domains.own_servers') }).check();
  await sheet.getByPlaceholder('imap.example.com').fill('imap.example.net');
  await sheet.getByPlaceholder('smtp.example.com').fill('smtp.example.net');
  await axe(page, 'a new domain');
  await sheet.getByRole('button', { name: t('settings.save') }).click();
  await expect(sheet.getByText(t('errors.input.domain.cause'))).toBeVisible();
  await sheet.getByLabel(t('admin.domain'), { exact: true }).fill('example.net');
  await sheet.getByRole('button', { name: t('settings.save') }).click();
  const row = page.getByRole('row').filter({ hasText: 'example.net' });
  await expect(row).toContainText('imap.example.net:993');

  await row.getByRole('button', { name: t('admin.domains.edit', { name: 'example.net' }) }).click();
  await sheet.getByRole('radio', { name: t('admin.provider') }).check();
  await sheet.getByRole('combobox', { name: t('admin.provider') }).selectOption('gmail');
  await sheet.getByRole('button', { name: t('settings.save') }).click();
  await expect(row).toContainText('Gmail');
  // A domain that is read by POP3 stays so when something else of it changes.
  const pop3 = { protocol: 'pop3', host: 'pop.example.net', port: 995, security: 'tls' };
  const smtp = { protocol: 'smtp', host: 'smtp.example.net', port: 465, security: 'tls' };
  const domain = `${service.url}/api/v1/domains/example.net`;
  expect((await page.request.put(domain, { data: { incoming: [pop3], outgoing: [smtp] } })).ok()).toBe(true);
  await page.reload();
  await row.getByRole('button', { name: t('admin.domains.edit', { name: 'example.net' }) }).click();
  await sheet
    .getByRole('group', { name: t('settings.side.outgoing.title') })
    .getByLabel(t('settings.server'))
    .fill('mail.example.net');
  await sheet.getByRole('button', { name: t('settings.save') }).click();
  await expect(sheet).toHaveCount(0);
  expect(((await (await page.request.get(domain)).json()) as { incoming: object[] }).incoming).toEqual([pop3]);

  await row.getByRole('button', { name: t('admin.domains.delete', { name: 'example.net' }) }).click();
  await expect(row).toHaveCount(0);
  await button(page, 'settings.undo').click();
  await expect(row).toBeVisible();
});

test('a provider is found, an error is explained', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  await signIn(page, service);
  await page.goto(service.url + '/admin/providers');
  await page.getByLabel(t('admin.filter')).fill('imap.gmail.com');
  await page.getByRole('link', { name: 'Gmail', exact: true }).click();
  await expect(page.getByText('imap.gmail.com:993')).toBeVisible();
  await expect(page.getByRole('link', { name: t('providers.app_password') })).toHaveAttribute('href', /^https:/);
  await axe(page);

  await page.getByRole('link', { name: t('admin.explain'), exact: true }).click();
  await page.getByLabel(t('admin.explain.text')).fill('535 5.7.8 Username and Password not accepted');
  await button(page, 'admin.explain.go').click();
  await expect(page.getByText(t('errors.auth.bad_credentials.cause'))).toBeVisible();
  await axe(page);
});

test('the audit tells who changed what, by filters in the address, and as a table to keep', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  await signIn(page, service);
  const password = 'a password of Ben';
  const ben = await post(page, service, '/users', { email: 'ben@example.com', name: 'Ben', password });
  await page.request.patch(`${service.url}/api/v1/users/${ben.id}`, { data: { name: 'Ben Osei' } });
  for (let i = 1; i <= 60; i++) await post(page, service, '/profiles', { name: `Team ${i}` });

  await page.goto(service.url + '/admin/audit');
  const rows = page.getByRole('row').filter({ has: page.getByRole('time') });
  await expect(rows).toHaveCount(50);
  await expect(rows.first()).toContainText('Team 60');
  await button(page, 'audit.more').click();
  await expect(rows).toHaveCount(64);
  await expect(button(page, 'audit.more')).toHaveCount(0);
  await axe(page, 'the audit');

  await page.getByLabel(t('audit.object'), { exact: true }).selectOption('user');
  await expect(rows).toHaveCount(3);
  await expect(page).toHaveURL(/kind=user/);
  await page.getByLabel(t('audit.what'), { exact: true }).selectOption('user.update');
  await expect(rows).toHaveCount(1);
  await page.reload();
  await expect(rows).toHaveCount(1);
  await expect(rows).toContainText(admin.name);
  await rows.getByText(t('audit.count', { count: 1 })).click();
  await expect(rows.getByRole('definition')).toHaveText(new RegExp(`Ben\\s+${t('audit.became')}\\s+Ben Osei`));
  await axe(page, 'a change unfolded');
  const saved = page.waitForEvent('download');
  await button(page, 'audit.export').click();
  const file = await (await saved).createReadStream();
  let text = '';
  for await (const part of file) text += part;
  expect(text.split('\r\n').filter(Boolean)).toHaveLength(2);
  expect(text).toContain('"user.update","user","2","Ben Osei"');

  await page.goto(`${service.url}/admin/audit?action=user.create`);
  await rows.getByText(t('audit.count', { count: 4 })).click();
  await expect(rows).toContainText(t('audit.secret'));
  await expect(rows).not.toContainText(password);
  await page.getByLabel(t('audit.to')).fill('2020-01-01');
  await expect(page.getByText(t('audit.nothing'))).toBeVisible();
  await button(page, 'audit.clear').click();
  await expect(rows).toHaveCount(50);
  await page.goto(`${service.url}/admin/audit?kind=user&object=${ben.id}&action=user.update`);
  await expect(page.getByText(t('audit.only', { object: 'Ben Osei' }))).toBeVisible();
  await rows.getByRole('link', { name: 'Ben Osei' }).click();
  await expect(page).toHaveURL(`${service.url}/admin/users/${ben.id}`);
});

test('the administration is for administrators', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  await signIn(page, service);
  await post(page, service, '/users', { email: 'ben@example.com', password: 'a password of Ben' });
  await signIn(page, service, { name: 'ben', email: 'ben@example.com', password: 'a password of Ben' });
  await page.goto(service.url + '/admin/users');
  await expect(page.getByText(t('common.missing.title'))).toBeVisible();
  await page.goto(service.url + '/settings/profile');
  await expect(page.getByLabel(t('settings.profile.email'))).not.toBeEditable();
});
