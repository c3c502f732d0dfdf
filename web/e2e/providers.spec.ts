import type { Page } from '@playwright/test';
import { admin, axe, expect, signIn, test, type Mailbox, type Service } from './fixtures.ts';
import type { Server } from './stage.ts';
import { words } from './words.ts';

const t = words('en');

test.describe.configure({ timeout: 120_000 });

const button = (page: Page, key: string, values = {}) =>
  page.getByRole('button', { name: t(key, values), exact: true });
const link = (page: Page, key: string, values = {}) => page.getByRole('link', { name: t(key, values), exact: true });

/** told is the notice in passing that says this. */
const told = (page: Page, key: string, values = {}) =>
  page.getByRole('region', { name: t('ui.toasts') }).getByText(t(key, values));

async function send(page: Page, service: Service, method: 'POST' | 'PUT' | 'PATCH', path: string, data: object) {
  const res = await page.request.fetch(`${service.url}/api/v1${path}`, { method, data });
  expect(res.status(), await res.text()).toBeLessThan(300);
  return (await res.json().catch(() => ({}))) as { id: number | string };
}

/** colleague makes a user and signs the browser in as that one. */
async function colleague(page: Page, service: Service, name: string): Promise<void> {
  const who = { name, email: `${name}@people.example`, password: `the password of ${name}` };
  await signIn(page, service);
  await send(page, service, 'POST', '/users', who);
  await signIn(page, service, who);
}

/** address goes through the first step of the wizard. */
async function address(page: Page, service: Service, box: Mailbox): Promise<void> {
  await page.goto(service.url + '/connect');
  await page.getByLabel(t('connect.address.label')).fill(box.address);
  await page.keyboard.press('Enter');
}

async function password(page: Page, box: Mailbox): Promise<void> {
  await page.getByLabel(t('connect.password.password'), { exact: true }).fill(box.password);
  await button(page, 'connect.save').click();
  await expect(page.getByText(t('connect.done.title', { address: box.address }))).toBeVisible({ timeout: 30_000 });
}

/** servers fills in the servers of the form of a provider. */
async function servers(page: Page, service: Service): Promise<void> {
  for (const [side, server] of [
    ['incoming', service.incoming],
    ['outgoing', service.outgoing],
  ] as [string, Server][]) {
    const group = page.getByRole('group', { name: t(`settings.side.${side}.title`), exact: true });
    await group.getByLabel(t('settings.server')).fill(server.host);
    await group.getByLabel(t('settings.security')).selectOption(server.security);
    await group.getByLabel(t('settings.port')).fill(String(server.port));
  }
}

test('a provider of the house leads its domain; what a colleague teaches waits for approval', async ({
  page,
  stage,
}) => {
  const service = await stage.service({ admin: true, unknown: true });
  const [first, second, third] = [await stage.mailbox(), await stage.mailbox(), await stage.mailbox()];
  const domain = first.address.split('@')[1]!;
  await signIn(page, service);
  await page.goto(service.url + '/admin/providers');
  await link(page, 'admin.providers.add').click();
  await page.getByLabel(t('admin.providers.name'), { exact: true }).fill('Our mail');
  await servers(page, service);
  await page.getByLabel(t('admin.providers.help'), { exact: false }).fill('Ask Ada.');
  await page.getByLabel(t('admin.providers.password_days'), { exact: false }).fill('5');
  await page.getByRole('textbox', { name: t('admin.providers.domains') }).fill(domain);
  await axe(page, 'a new provider');
  await button(page, 'settings.save').click();
  await expect(page.getByRole('heading', { name: 'Our mail', level: 1 })).toBeVisible();
  await expect(page.getByText('Ask Ada.')).toBeVisible();
  await expect(page.getByText(t('admin.providers.password_days.said', { count: 5 }))).toBeVisible();
  await axe(page, 'a provider of the house');

  await colleague(page, service, 'ben');
  await address(page, service, first);
  await expect(page.getByText('Our mail').first()).toBeVisible();
  await expect(page.getByText('Ask Ada.')).toBeVisible();
  await password(page, first);

  // Its passwords work for five days, and the page of the account says when this one ends.
  const { items } = (await (await page.request.get(service.url + '/api/v1/accounts')).json()) as {
    items: { id: number }[];
  };
  await page.goto(`${service.url}/settings/accounts/${items[0]!.id}`);
  const [before] = t('settings.credential.age', { day: '|' }).split('|');
  await expect(page.getByRole('status').filter({ hasText: before })).toBeVisible();
  const [entered] = t('settings.credential.set.password', { day: '|' }).split('|');
  await expect(page.getByText(entered!)).toBeVisible();
  await axe(page, 'a password that ends soon');

  // Without the administrator's word the next colleague chooses by hand, and teaches.
  await signIn(page, service);
  await send(page, service, 'PATCH', '/providers/own-our-mail', { domains: [] });
  const { rules } = (await (await page.request.get(service.url + '/api/v1/policies')).json()) as { rules: object };
  await send(page, service, 'PUT', '/policies', { ...rules, confirm_domains: true });
  await colleague(page, service, 'cleo');
  await address(page, service, second);
  await page.getByLabel(t('connect.choose.search')).fill('Our');
  await page.getByRole('button', { name: /^Our mail/ }).click();
  await password(page, second);

  // It waits: nobody is led by it yet.
  await colleague(page, service, 'dora');
  await address(page, service, third);
  await expect(page.getByText(t('connect.choose.unknown', { domain }))).toBeVisible();
  await expect(page.getByText(t('connect.choose.add'), { exact: true })).toHaveCount(0);

  await signIn(page, service);
  await page.goto(service.url + '/admin/domains?from=waiting');
  const row = page.getByRole('row').filter({ hasText: domain });
  await expect(row).toContainText(t('admin.domains.state.pending'));
  await expect(row).toContainText('cleo');
  await expect(row.getByRole('link', { name: new RegExp(`^2 ${t('admin.domains.accounts')}`) })).toBeVisible();
  await axe(page, 'a domain that waits');
  await row.getByRole('button', { name: t('admin.domains.reject', { name: domain }) }).click();
  await expect(page.getByText(t('admin.domains.nothing'))).toBeVisible();
  await page.getByRole('combobox', { name: t('admin.domains.source') }).selectOption('rejected');
  await row.getByRole('button', { name: `${t('admin.domains.confirm')} ${domain}` }).click();
  await page.getByRole('combobox', { name: t('admin.domains.source') }).selectOption('administrator');
  await expect(row).toContainText(t('admin.source.administrator'));

  await signIn(page, service, { name: 'dora', email: 'dora@people.example', password: 'the password of dora' });
  await address(page, service, third);
  await password(page, third);
});

test('a built-in provider is copied and hidden; what is in use is not deleted', async ({ page, stage, witness }) => {
  witness.allow(/409/);
  const service = await stage.service({ admin: true, unknown: true });
  await signIn(page, service);
  await page.goto(service.url + '/admin/providers/aruba');
  await link(page, 'admin.providers.copy').click();
  await expect(page.getByLabel(t('admin.providers.name'), { exact: true })).toHaveValue(
    t('admin.providers.copy_name', { name: 'Aruba (hosting mail)' }),
  );
  await page.getByLabel(t('admin.providers.name'), { exact: true }).fill('Aruba for us');
  await page.getByRole('textbox', { name: t('admin.providers.domains') }).fill('firm.example');
  await button(page, 'settings.save').click();
  await expect(page.getByRole('heading', { name: 'Aruba for us', level: 1 })).toBeVisible();

  await link(page, 'admin.providers.edit').click();
  await page.getByLabel(t('admin.providers.help'), { exact: false }).fill('Ask the help desk.');
  await button(page, 'settings.save').click();
  await expect(page.getByText('Ask the help desk.')).toBeVisible();

  await button(page, 'admin.providers.delete').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: t('admin.delete'), exact: true }).click();
  await expect(dialog.getByText(t('errors.provider.in_use.cause'))).toBeVisible();
  await expect(dialog.getByRole('link', { name: /firm\.example/ })).toHaveAttribute(
    'href',
    '/admin/domains?q=firm.example',
  );
  await axe(page, 'a provider in use');
  await button(page, 'settings.cancel').click();
  await page.request.delete(service.url + '/api/v1/domains/firm.example');
  await button(page, 'admin.providers.delete').click();
  await dialog.getByRole('button', { name: t('admin.delete'), exact: true }).click();
  await expect(page).toHaveURL(service.url + '/admin/providers');

  await page.goto(service.url + '/admin/providers/gmail');
  await page.getByRole('switch', { name: t('admin.providers.offered') }).click();
  await expect(told(page, 'admin.providers.now_hidden', { name: 'Gmail' })).toBeVisible();
  await page.goto(service.url + '/admin/providers?show=hidden');
  await expect(page.getByRole('row')).toHaveCount(2);
  await address(page, service, { address: 'anna@gmail.com', password: '' });
  await expect(page.getByText(t('connect.problem.hidden', { name: 'Gmail' }))).toBeVisible();
  await link(page, 'connect.choose_other').click();
  await page.getByLabel(t('connect.choose.search')).fill('gmail');
  await expect(page.getByRole('button', { name: /^Gmail/ })).toHaveCount(0);
});

test('an administrator adds a provider from inside the wizard and comes back with nothing lost', async ({
  page,
  stage,
}) => {
  const service = await stage.service({ admin: true, unknown: true });
  const box = await stage.mailbox();
  await signIn(page, service, admin);
  await address(page, service, box);
  await page.getByRole('link', { name: t('connect.choose.add') }).click();
  await expect(page.getByRole('textbox', { name: t('admin.providers.domains') })).toHaveValue(
    box.address.split('@')[1]!,
  );
  await link(page, 'admin.providers.back_to_wizard').click();
  await expect(page.getByLabel(t('connect.choose.search'))).toBeVisible();
  await page.getByRole('link', { name: t('connect.choose.add') }).click();
  await page.getByLabel(t('admin.providers.name'), { exact: true }).fill('Made on the way');
  await servers(page, service);
  await button(page, 'settings.save').click();
  await expect(page.getByText('Made on the way').first()).toBeVisible();
  await password(page, box);
});
