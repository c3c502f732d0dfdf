import type { Page } from '@playwright/test';
import { axe, connect, expect, signIn, test, type Service } from './fixtures.ts';
import { words } from './words.ts';

const t = words('en');
const ben = { name: 'Ben Osei', email: 'ben@example.com', password: 'a long password of Ben' };
const open = {
  copies: 'everybody',
  accounts_per_user: 0,
  limit_providers: false,
  typed_servers: true,
  plain: false,
  own_accounts: 'everything',
  confirm_domains: false,
};

async function call<T>(page: Page, service: Service, method: 'post' | 'put', path: string, data: object): Promise<T> {
  const res = await page.request[method](`${service.url}/api/v1${path}`, { data, timeout: 30_000 });
  expect(res.status(), await res.text()).toBeLessThan(300);
  return (await res.json()) as T;
}
const addBen = (page: Page, service: Service) => call<{ id: number }>(page, service, 'post', '/users', ben);
const setRules = (page: Page, service: Service, rules: object) =>
  call<object>(page, service, 'put', '/policies', { ...open, ...rules });
const button = (page: Page, key: string) => page.getByRole('button', { name: t(key), exact: true });

test('the administrator sets rules, and the wizard shows only what they allow', async ({ page, stage }) => {
  const service = await stage.service({ admin: true, unknown: true });
  await signIn(page, service);
  await addBen(page, service);
  await page.goto(service.url + '/admin/policies');
  await page.getByLabel(t('policies.per_user')).fill('1');
  await page.getByRole('switch', { name: t('policies.limit') }).check();
  await page
    .getByRole('checkbox', { name: /^Aruba/ })
    .first()
    .check();
  await page.getByRole('switch', { name: t('policies.typed') }).uncheck();
  await axe(page, 'policies');
  await button(page, 'settings.save').click();
  await expect(page.getByRole('region', { name: t('ui.toasts') }).getByText(t('settings.saved'))).toBeVisible();
  await page.reload();
  await expect(page.getByLabel(t('policies.per_user'))).toHaveValue('1');

  // A hidden provider, and no way to type servers.
  await signIn(page, service, ben);
  await page.goto(service.url + '/connect');
  await page.getByLabel(t('connect.address.label')).fill('ben@gmail.com');
  await page.keyboard.press('Enter');
  await expect(page.getByText(t('connect.problem.hidden', { name: 'Gmail' }))).toBeVisible();
  await axe(page, 'a hidden provider');
  await page.goto(service.url + '/connect');
  await page.getByLabel(t('connect.address.label')).fill(ben.email);
  await page.keyboard.press('Enter');
  await expect(page.getByText(t('policies.limits.typed'))).toBeVisible();
  await expect(page.getByText('Gmail', { exact: true })).toHaveCount(0);
  await expect(page.getByText(t('connect.choose.by_hand'))).toHaveCount(0);
  await axe(page, 'servers are not typed');
});

test('who has the one account may change only its password', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox();
  await signIn(page, service);
  await addBen(page, service);
  await setRules(page, service, { accounts_per_user: 1 });
  await signIn(page, service, ben);
  const id = await connect(page, service, box, { name: 'Ben Osei' });
  await page.goto(service.url + '/settings/accounts');
  await expect(page.getByText(t('errors.policy.accounts_per_user.cause'))).toBeVisible();
  await page.goto(service.url + '/connect');
  await expect(page.getByText(t('errors.policy.accounts_per_user.cause'))).toBeVisible();

  await signIn(page, service);
  await setRules(page, service, { own_accounts: 'password', copies: 'administrators' });
  await signIn(page, service, ben);
  await page.goto(`${service.url}/settings/accounts/${id}`);
  await expect(page.getByText(t('policies.limits.password'))).toBeVisible();
  await expect(page.getByLabel(t('settings.account.signature'))).toHaveCount(0);
  await axe(page, 'only the password');
  await page.getByLabel(t('settings.account.password.new'), { exact: true }).fill(box.password);
  await button(page, 'settings.account.password.save').click();
  await expect(page.getByText(t('settings.account.password.saved', { address: box.address })).first()).toBeVisible();
});

test('a link brings the password once', async ({ page, stage, browser }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox({ mails: 1 });
  await signIn(page, service);
  const user = await addBen(page, service);
  const asked = await call<{ account_id: number; url: string }>(page, service, 'post', '/connect/ask', {
    account: { address: box.address, owner_id: user.id },
  });
  await page.goto(`${service.url}/admin/accounts/${asked.account_id}`);
  await button(page, 'policies.link.ask').click();
  const url = await page.getByLabel(t('policies.link.shown')).inputValue();
  expect(url).toMatch(/\/password-link#token=msp_/);
  await axe(page, 'a link is shown');

  const context = await browser.newContext();
  const guest = await context.newPage();
  // The first link ended when the second was made.
  await guest.goto(service.url + asked.url);
  await expect(guest.getByText(t('errors.password_link.invalid.cause')).first()).toBeVisible();
  await guest.goto('about:blank');
  await guest.goto(url);
  await expect(guest.getByText(box.address)).toBeVisible();
  expect(guest.url()).not.toContain('token');
  await axe(guest, 'the page of a link');
  await guest.getByLabel(t('policies.enter.password')).fill('wrong');
  const save = guest.getByRole('button', { name: t('policies.enter.save') });
  // A mail server answers a wrong password late; until then the button does nothing.
  const refused = guest.waitForResponse((r) => r.request().method() === 'POST' && r.status() >= 400);
  await save.click();
  await refused;
  await expect(save).not.toHaveAttribute('aria-busy', 'true');
  await expect(guest.getByRole('heading', { name: t('policies.enter.done') })).toHaveCount(0);
  await guest.getByLabel(t('policies.enter.password')).fill(box.password);
  await save.click();
  await expect(guest.getByRole('heading', { name: t('policies.enter.done') })).toBeVisible({ timeout: 30_000 });
  await guest.goto('about:blank');
  await guest.goto(url);
  await expect(guest.getByText(t('errors.password_link.invalid.cause')).first()).toBeVisible();
  expect(await service.log()).not.toContain('msp_');
  await context.close();
});

test('a new user gets a mailbox, and what is left is said', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox();
  await signIn(page, service);
  await page.goto(service.url + '/admin/users');
  await button(page, 'admin.users.add').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(t('admin.users.email')).fill(box.address);
  await dialog.getByText(t('policies.mailbox'), { exact: true }).click();
  await expect(dialog.getByLabel(t('policies.mailbox.address'))).toHaveValue(box.address);
  await dialog.getByLabel(t('policies.mailbox.password')).fill('wrong');
  await dialog.getByRole('button', { name: t('admin.users.make'), exact: true }).click();
  await expect(dialog.getByText(t('policies.mailbox.left', { address: box.address }))).toBeVisible({ timeout: 30_000 });
  await axe(page, 'what is left of a new user');
  await dialog
    .getByRole('button', { name: t('policies.mailbox.close') })
    .last()
    .click();
  await expect(page.getByRole('row').filter({ hasText: box.address })).toBeVisible();
});

test('many passwords are changed, but for the wrong one', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const [first, second] = [await stage.mailbox(), await stage.mailbox()];
  await signIn(page, service);
  await connect(page, service, first);
  await connect(page, service, second);
  await page.goto(service.url + '/admin/passwords');
  await page
    .getByLabel(t('policies.bulk.list'))
    .fill(`address,password\n${first.address},${first.password}\n${second.address};wrong\nnobody@example.com x`);
  await expect(page.getByText(t('policies.bulk.count', { count: 3 }))).toBeVisible();
  await button(page, 'policies.bulk.start').click();
  await expect(page.getByText(t('policies.bulk.sum', { changed: 1, refused: 1, unknown: 1 }))).toBeVisible({
    timeout: 30_000,
  });
  const row = (address: string) => page.getByRole('row').filter({ hasText: address });
  await expect(row(first.address)).toContainText(t('policies.bulk.changed'));
  await expect(row(second.address)).toContainText(t('policies.bulk.refused'));
  await expect(row('nobody@example.com')).toContainText(t('policies.bulk.unknown'));
  await axe(page, 'results of a bulk change');
});
