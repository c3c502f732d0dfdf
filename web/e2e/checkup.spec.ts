import { readFile } from 'node:fs/promises';
import { axe, connect, expect, signIn, test } from './fixtures.ts';
import { words } from './words.ts';

const t = words('en');

test('all accounts are tested, and the page tells which one fails and why', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  await signIn(page, service);
  await page.goto(service.url + '/admin/tests');
  await expect(page.getByText(t('tests.empty'))).toBeVisible();
  await axe(page, 'no tests yet');
  const [works, fails] = [await stage.mailbox(), await stage.mailbox()];
  await connect(page, service, works);
  // This one has no password yet.
  const file = `address,incoming_host,outgoing_host\n${fails.address},${service.incoming.host}:${service.incoming.port}:tls,`;
  const imported = await page.request.post(service.url + '/api/v1/imports', {
    data: { format: 'csv', content: Buffer.from(file).toString('base64') },
  });
  expect(imported.status(), await imported.text()).toBe(200);

  await page.goto(service.url + '/admin/tests');
  await page.getByRole('button', { name: t('tests.begin') }).click();
  await expect(page.getByText(t('tests.ended_failed', { count: 1, total: 2 }))).toBeVisible();
  const row = (text: string) => page.getByRole('row').filter({ hasText: text });
  await expect(row(works.address)).toContainText(t('tests.verdict.ok'));
  await expect(row(fails.address)).toContainText(t('tests.verdict.failed'));
  await expect(row(fails.address)).toContainText(t('errors.account.no_secret.cause'));
  await axe(page, 'what a test found');
  await page.getByRole('tab', { name: t('tests.failed') }).click();
  await expect(row(works.address)).toHaveCount(0);
  await expect(row(fails.address)).toBeVisible();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: t('tests.export') }).click();
  const table = await readFile(await (await download).path(), 'utf8');
  expect(table).toContain(`"${works.address}","ok"`);
  expect(table).toContain(`"${fails.address}","failed",`);

  await page
    .getByRole('link', { name: t('tests.title') })
    .first()
    .click();
  await expect(page.getByText(t('tests.some_failed', { count: 1 }))).toBeVisible();

  // Or only those that were chosen in the list of accounts.
  await page.goto(service.url + '/admin/accounts');
  await page.getByRole('checkbox', { name: fails.address }).check();
  await page.getByRole('button', { name: t('admin.bulk.actions') }).click();
  await page.getByRole('menuitem', { name: t('admin.bulk.test'), exact: true }).click();
  await expect(page.getByText(t('tests.ended_failed', { count: 1, total: 1 }))).toBeVisible();
});
