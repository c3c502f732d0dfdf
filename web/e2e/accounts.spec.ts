import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { axe, connect, expect, signIn, test, type Service } from './fixtures.ts';
import { words } from './words.ts';

const t = words('en');

/** told is the notice in passing that says this. */
const told = (page: Page, key: string, values = {}) =>
  page.getByRole('region', { name: t('ui.toasts') }).getByText(t(key, values));
const button = (page: Page, key: string, values = {}) =>
  page.getByRole('button', { name: t(key, values), exact: true });
const rows = (page: Page) => page.getByRole('row').filter({ has: page.locator('[data-account]') });

async function post(page: Page, service: Service, path: string, data: object): Promise<{ id: number }> {
  const res = await page.request.post(`${service.url}/api/v1${path}`, { data });
  expect(res.status(), await res.text()).toBeLessThan(300);
  return (await res.json()) as { id: number };
}

const draft = (page: Page, service: Service, name: string) =>
  post(page, service, '/accounts', { name, address: `${name.toLowerCase()}@example.com`, organisation: true });

test('accounts: filters and order in the address, remembered; columns; a table to keep; one key to test', async ({
  page,
  stage,
}) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox();
  await signIn(page, service);
  const healthy = await connect(page, service, box);
  for (const name of ['Zebra', 'Alpha']) await draft(page, service, name);

  await page.goto(service.url + '/admin/accounts');
  await expect(rows(page)).toHaveCount(3);
  // Those that need a person come first.
  await expect(rows(page).first()).toContainText(t('admin.accounts.needs.servers'));
  await axe(page, 'accounts that are not complete');
  await page.getByLabel(t('admin.accounts.sort'), { exact: true }).selectOption('name');
  await expect(rows(page).first()).toContainText('Alpha');
  await button(page, 'admin.accounts.turn').click();
  await expect(rows(page).first()).toContainText('Zebra');
  await page.getByLabel(t('admin.accounts.by_state')).selectOption('incomplete');
  await expect(rows(page)).toHaveCount(2);
  await expect(page).toHaveURL(/state=incomplete&sort=name&desc=1/);
  await page.reload();
  await expect(rows(page)).toHaveCount(2);
  // The next visit begins with what was asked last.
  await page.goto(service.url + '/admin/accounts');
  await expect(rows(page)).toHaveCount(2);
  await expect(page).toHaveURL(/state=incomplete/);

  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: t('admin.accounts.csv') }).click();
  const table = await readFile(await (await download).path(), 'utf8');
  expect(table.trim().split('\n')).toHaveLength(3);
  expect(table).toContain('Zebra');

  await page.getByLabel(t('admin.filter')).fill('nobody has this');
  await expect(page.getByText(t('admin.accounts.nothing'))).toBeVisible();
  await button(page, 'admin.filter.clear').click();
  await expect(rows(page)).toHaveCount(3);
  await page.getByLabel(t('admin.filter')).fill('alp');
  await expect(rows(page)).toHaveCount(1);
  await page.getByLabel(t('admin.filter')).fill('');
  await expect(rows(page)).toHaveCount(3);

  await button(page, 'admin.accounts.columns').click();
  await page.getByRole('menuitemcheckbox', { name: t('admin.accounts.column.state') }).click();
  await expect(page.getByRole('columnheader', { name: t('admin.accounts.column.state') })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('columnheader', { name: t('admin.accounts.column.state') })).toBeVisible();

  await page.locator(`[data-account="${healthy}"]`).focus();
  await page.keyboard.press('t');
  const sheet = page.getByRole('dialog', { name: box.address });
  await expect(sheet.getByText(t('ui.report.all_work'))).toBeAttached();
  await axe(page, 'the test of an account');
  await page.keyboard.press('Escape');
  await expect(sheet).toHaveCount(0);
});

test('an account is begun small, completed, and cloned', async ({ page, stage, witness }) => {
  witness.allow(/409/);
  const service = await stage.service({ admin: true, unknown: true });
  const box = await stage.mailbox();
  await signIn(page, service);
  await page.goto(service.url + '/admin/accounts');
  await button(page, 'admin.accounts.create').first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(t('admin.accounts.name'), { exact: true }).fill('Support');
  await dialog.getByLabel(t('admin.accounts.display_name')).fill('Support of Example');
  await dialog.getByLabel(t('admin.accounts.address')).fill(box.address);
  await dialog.getByLabel(t('admin.accounts.note')).fill('ask IT for the password');
  await axe(page, 'a new account');
  await dialog.getByRole('button', { name: t('admin.accounts.make') }).click();

  await expect(page.getByText(t('settings.needs.servers'))).toBeVisible();
  await button(page, 'settings.side.outgoing.add').click();
  await page.getByLabel(t('settings.server'), { exact: true }).fill(service.outgoing.host);
  await page.getByLabel(t('settings.port')).fill(String(service.outgoing.port));
  await page.getByLabel(t('settings.security')).selectOption(service.outgoing.security);
  // Without a password it is kept as it was typed.
  await button(page, 'settings.server.save').click();
  await expect(page.getByText(t('settings.needs.password'))).toBeVisible();
  await axe(page, 'an account without a password');
  await page.getByLabel(t('settings.account.password.new'), { exact: true }).fill(box.password);
  await button(page, 'settings.account.password.save').click();
  await expect(page.getByText(t('settings.needs.password'))).toHaveCount(0);

  await page.getByRole('link', { name: t('admin.accounts.clone.open') }).click();
  await expect(dialog.getByLabel(t('admin.accounts.display_name'))).toHaveValue('Support of Example');
  await dialog.getByLabel(t('admin.accounts.address')).fill(box.address);
  await dialog.getByRole('button', { name: t('admin.accounts.make') }).click();
  await expect(dialog.getByText(t('errors.account.exists.cause'))).toBeVisible();
  await dialog.getByLabel(t('admin.accounts.address')).fill('second@example.com');
  await dialog.getByRole('button', { name: t('admin.accounts.make') }).click();
  await expect(page.getByText(t('settings.needs.password'))).toBeVisible();
  await expect(page.getByText('second@example.com').first()).toBeVisible();
  await expect(page.getByText(`${service.outgoing.host}:${service.outgoing.port}`)).toBeVisible();
});

test('several accounts are changed at once, with a result for each', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox();
  await signIn(page, service);
  const kept = await connect(page, service, box);
  await draft(page, service, 'Alpha');
  const ben = await post(page, service, '/users', { email: 'ben@example.com', name: 'Ben Osei' });
  await page.goto(service.url + '/admin/accounts');
  await expect(rows(page)).toHaveCount(2);
  const results = page.getByRole('dialog', { name: t('admin.bulk.results') });
  const act = async (key: string) => {
    await button(page, 'admin.bulk.actions').click();
    await page.getByRole('menuitem', { name: t(key), exact: true }).click();
  };

  await rows(page).filter({ hasText: box.address }).getByRole('checkbox').check();
  await act('admin.bulk.disable.incoming');
  await expect(results.getByText(t('admin.bulk.summary', { good: 1, all: 1 }))).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(rows(page).filter({ hasText: box.address })).toContainText(t('settings.state.off'));

  await rows(page).filter({ hasText: box.address }).getByRole('checkbox').check();
  await act('admin.bulk.assign');
  await page.getByRole('dialog').getByLabel(t('admin.bulk.receiver')).selectOption(`user:${ben.id}`);
  await axe(page, 'giving accounts');
  await page.getByRole('button', { name: t('admin.bulk.assign.go', { count: 1 }) }).click();
  await expect(results.getByText(t('admin.bulk.done'), { exact: true })).toBeVisible();
  await page.keyboard.press('Escape');

  // What somebody uses stays; the other goes, and comes back.
  await page.getByLabel(t('admin.accounts.choose_all', { count: 2 })).check();
  await act('admin.bulk.delete');
  await page.getByRole('button', { name: t('admin.bulk.delete.go', { count: 2 }) }).click();
  await expect(results.getByText(t('admin.bulk.summary', { good: 1, all: 2 }))).toBeVisible();
  await expect(results.getByRole('link', { name: t('settings.use.user', { name: 'Ben Osei' }) })).toBeVisible();
  await axe(page, 'results of a bulk action');
  await page.keyboard.press('Escape');
  await expect(rows(page)).toHaveCount(1);
  await page.getByText(t('admin.accounts.more_filters')).click();
  await page.getByLabel(t('admin.accounts.deleted')).check();
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page).first()).toContainText('Alpha');
  await axe(page, 'deleted accounts');
  await rows(page).first().getByRole('button').click();
  await expect(page.getByText(t('admin.accounts.nothing'))).toBeVisible();
  await page.getByLabel(t('admin.accounts.deleted')).uncheck();
  await expect(rows(page)).toHaveCount(2);
  expect(kept).toBeGreaterThan(0);
});

test('disconnecting shows what goes, is refused while others use it, is undone, and makes room', async ({
  page,
  stage,
  witness,
}) => {
  witness.allow(/404|409/);
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox({ mails: 4 });
  await signIn(page, service);
  const id = await connect(page, service, box, { wait: 4 });
  const sales = await post(page, service, '/profiles', { name: 'Sales' });
  const given = await post(page, service, '/assignments', { account_id: id, profile_id: sales.id, rights: ['read'] });
  await page.goto(`${service.url}/settings/accounts/${id}`);
  await button(page, 'settings.remove.open').click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText(t('settings.disconnect.in_use'))).toBeVisible();
  await expect(dialog.getByRole('link', { name: t('settings.use.profile', { name: 'Sales' }) })).toBeVisible();
  await axe(page, 'an account that others use');
  await page.keyboard.press('Escape');

  await page.request.delete(`${service.url}/api/v1/assignments/${given.id}`);
  await button(page, 'settings.remove.open').click();
  await expect(dialog.getByText('4', { exact: true })).toBeVisible();
  const download = page.waitForEvent('download');
  await dialog.getByRole('link', { name: t('settings.disconnect.mbox') }).click();
  const mbox = await readFile(await (await download).path(), 'utf8');
  expect(mbox.match(/^From /gm)).toHaveLength(4);
  await dialog.getByRole('button', { name: t('settings.disconnect.go') }).click();
  await expect(page).toHaveURL(service.url + '/settings/accounts');
  await expect(told(page, 'settings.disconnect.done', { address: box.address })).toBeVisible();
  await expect(page.getByText(t('settings.accounts.empty'))).toBeVisible();
  expect((await page.request.get(`${service.url}/api/v1/accounts/${id}/messages`)).status()).toBe(404);

  // It comes back with its mail; the sign-in is asked for again.
  await page.getByRole('button', { name: t('settings.deleted.restore') }).click();
  await expect(page.getByText(t('settings.needs.password'))).toBeVisible();
  await page.getByLabel(t('settings.account.password.new'), { exact: true }).fill(box.password);
  await button(page, 'settings.account.password.save').click();
  await expect(page.getByText(t('settings.needs.password'))).toHaveCount(0);
  const back = await page.request.get(`${service.url}/api/v1/accounts/${id}/messages`);
  expect(((await back.json()) as { items: object[] }).items).toHaveLength(4);

  // Disconnected again, the same mailbox can be connected anew.
  await button(page, 'settings.remove.open').click();
  await dialog.getByRole('button', { name: t('settings.disconnect.go') }).click();
  await expect(page.getByText(t('settings.accounts.empty'))).toBeVisible();
  await axe(page, 'a disconnected account');
  const next = await connect(page, service, box, { wait: 4 });
  expect(next).not.toBe(id);
});
