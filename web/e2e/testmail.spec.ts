import type { Page } from '@playwright/test';
import { axe, connect, expect, signIn, test, type Service } from './fixtures.ts';
import { words } from './words.ts';

const t = words('en');
const button = (page: Page, key: string) => page.getByRole('button', { name: t(key), exact: true });
const step = (page: Page, name: string, state: string) => page.locator(`[data-step=${name}][data-state=${state}]`);

async function call<T>(page: Page, service: Service, method: 'get' | 'put', path: string, data?: object): Promise<T> {
  const res = await page.request[method](`${service.url}/api/v1${path}`, { data });
  expect(res.status(), await res.text()).toBeLessThan(300);
  return (res.status() === 204 ? undefined : await res.json()) as T;
}

test('a test mail tells its way, and a round trip when it arrived', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox({ mails: 1 });
  await signIn(page, service);
  const id = await connect(page, service, box, { wait: 1 });
  await page.goto(`${service.url}/settings/accounts/${id}`);
  await button(page, 'notice.mail').click();
  const dialog = page.getByRole('dialog', { name: t('notice.mail.title') });
  await expect(dialog.getByLabel(t('notice.mail.subject'))).toHaveValue(t('notice.mail.subject.default'));
  await dialog.getByRole('switch', { name: t('notice.mail.trip') }).check();
  await axe(page, 'a test mail');
  await dialog.getByRole('button', { name: t('notice.mail.send'), exact: true }).click();
  await expect(step(page, 'accepted', 'done')).toBeVisible({ timeout: 30_000 });
  await expect(step(page, 'arrived', 'done')).toBeVisible({ timeout: 60_000 });
  await axe(page, 'a test mail that arrived');

  // A server's refusal is told in its words, too.
  await dialog.getByRole('switch', { name: t('notice.mail.trip') }).uncheck();
  await dialog.getByLabel(t('notice.mail.to')).fill('nobody-has-this@example.com');
  await dialog.getByRole('button', { name: t('notice.mail.again'), exact: true }).click();
  await expect(step(page, 'accepted', 'failed')).toBeVisible({ timeout: 30_000 });
  await axe(page, 'a test mail that was refused');
  await dialog.getByRole('switch', { name: t('notice.mail.trip') }).check();
  await dialog.getByRole('button', { name: t('notice.mail.again'), exact: true }).click();
  await expect(dialog.getByText(t('errors.test_mail.not_read.cause'))).toBeVisible();

  // The list of accounts and the page of a user lead to the same.
  await page.goto(service.url + '/admin/accounts');
  await page.getByRole('button', { name: t('notice.more', { address: box.address }) }).click();
  await page.getByRole('menuitem', { name: t('notice.mail') }).click();
  await dialog.getByRole('button', { name: t('notice.mail.send'), exact: true }).click();
  await expect(step(page, 'accepted', 'done')).toBeVisible({ timeout: 30_000 });
  await page.goto(service.url + '/admin/users/1');
  await button(page, 'notice.mail').click();
  await dialog.getByRole('button', { name: t('notice.mail.send'), exact: true }).click();
  await expect(step(page, 'accepted', 'done')).toBeVisible({ timeout: 30_000 });
});

test('typed data send a test mail before they are saved', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox();
  await signIn(page, service);
  await page.goto(service.url + '/connect');
  await page.getByLabel(t('connect.address.label')).fill(box.address);
  await page.getByRole('button', { name: t('connect.next') }).click();
  await page.getByLabel(t('connect.password.password')).fill(box.password);
  await button(page, 'notice.mail').click();
  const dialog = page.getByRole('dialog', { name: t('notice.mail.title') });
  await expect(dialog.getByRole('switch')).toHaveCount(0);
  await dialog.getByRole('button', { name: t('notice.mail.send'), exact: true }).click();
  await expect(step(page, 'typed', 'done')).toBeVisible({ timeout: 30_000 });
  await axe(page, 'a test mail by typed data');
  const { items } = await call<{ items: unknown[] }>(page, service, 'get', '/accounts');
  expect(items).toEqual([]);
});

test('a problem is reported as it is shown, or copied', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox();
  await signIn(page, service);
  const id = await connect(page, service, box);
  const open = async () => {
    await page.goto(service.url + '/settings/profile');
    await page.getByRole('button', { name: t('common.user.label', { name: 'Ada Marsh' }) }).click();
    await button(page, 'notice.report.title').click();
  };
  await open();
  const dialog = page.getByRole('dialog', { name: t('notice.report.title') });
  await expect(dialog.getByText(t('errors.system.no_account.cause'))).toBeVisible();
  await dialog.getByLabel(t('notice.report.what')).fill('The list stays empty.');
  await expect(dialog.locator('[data-report]')).toContainText('The list stays empty.');
  await expect(dialog.locator('[data-report]')).toContainText('Page: /settings/profile');
  await expect(dialog.getByRole('button', { name: t('notice.report.send') })).toBeDisabled();
  await expect(dialog.getByRole('button', { name: t('notice.report.copy') })).toBeEnabled();
  await axe(page, 'a report that cannot be sent');

  await call(page, service, 'put', '/system-account', { account_id: id });
  await open();
  await dialog.getByLabel(t('notice.report.what')).fill('The list stays empty.');
  await expect(dialog.locator('[data-report]')).toContainText('The list stays empty.');
  const shown = await dialog.locator('[data-report]').innerText();
  await dialog.getByRole('button', { name: t('notice.report.send') }).click();
  await expect(page.getByRole('region', { name: t('ui.toasts') }).getByText(t('notice.report.sent'))).toBeVisible();
  const { items } = await call<{ items: { subject: string; reason: { purpose: string; level: string } }[] }>(
    page,
    service,
    'get',
    '/outbox',
  );
  expect(shown).toContain(items[0]!.subject);
  expect(items[0]!.reason).toMatchObject({ purpose: 'report', level: 'system' });
});

test('who is concerned is told that an account stopped, and that it works again', async ({ page, stage }) => {
  const service = await stage.service({ admin: true, settings: { alert_after: '1s', alert_collect: '1s' } });
  const [box, system] = [await stage.mailbox({ mails: 1 }), await stage.mailbox()];
  await signIn(page, service);
  await connect(page, service, box, { wait: 1 });
  await page.goto(service.url + '/outbox');
  const red = page.getByRole('alert').filter({ hasText: box.address });
  await expect(red).toHaveCount(0);
  const systemID = await connect(page, service, system);
  await call(page, service, 'put', '/system-account', { account_id: systemID });
  await call(page, service, 'put', `/policies`, {
    ...(await call<{ rules: object }>(page, service, 'get', '/policies')).rules,
    report_to: 'desk@example.com',
  });
  await service.line('refuse', 'incoming');
  const many = page.getByRole('alert').filter({ hasText: t('common.trouble.many', { count: 2 }) });
  await expect(many).toBeVisible({ timeout: 30_000 });
  await axe(page, 'accounts that stopped');
  // Put away, it stays so, on every device.
  await many.getByRole('button', { name: t('ui.close') }).click();
  await expect(many).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole('heading', { level: 1 }).first()).toBeVisible();
  await expect(many).toHaveCount(0);
  await service.line('ok', 'incoming');
  const works = page.getByRole('status').filter({ hasText: t('notice.works.many', { count: 2 }) });
  await expect(works).toBeVisible({ timeout: 30_000 });
  await axe(page, 'accounts that work again');
  await works.getByRole('button', { name: t('ui.close') }).click();
  await expect(works).toHaveCount(0);
  const { items } = await call<{ items: { from: string; subject: string; reason: { purpose?: string } }[] }>(
    page,
    service,
    'get',
    '/outbox',
  );
  // No mail leaves by the account that is told of.
  expect(items.filter((m) => m.reason.purpose === 'alert' && m.subject.includes(m.from))).toEqual([]);
});
