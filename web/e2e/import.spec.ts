import { readFile } from 'node:fs/promises';
import { axe, expect, signIn, test } from './fixtures.ts';
import { words } from './words.ts';

const t = words('en');

test('accounts of a file are looked at, imported, and work once their password is there', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const [known, bare] = [await stage.mailbox(), await stage.mailbox()];
  const server = ({ host, port, security }: { host: string; port: number; security: string }) =>
    `${host}:${port}:${security}`;
  const servers = [server(service.incoming), server(service.outgoing)].join(';');
  const table = [
    'address;name;incoming_host;outgoing_host;password;owner;shoe size',
    `${known.address};First one;${servers};${known.password};;42`,
    `${bare.address};Second one;${servers};;;`,
    `who@example.com;Nobody’s;${servers};x;nobody@example.com;`,
    `plain@example.com;Third one;mail.example.com:143:none;;x;;`,
  ].join('\n');

  await signIn(page, service);
  await page.goto(service.url + '/admin/accounts');
  await page
    .getByRole('link', { name: t('admin.accounts.import'), exact: true })
    .first()
    .click();
  await axe(page, 'before a file is chosen');
  await page
    .getByTestId('import-file')
    .setInputFiles({ name: 'accounts.csv', mimeType: 'text/csv', buffer: Buffer.from(table) });

  const row = (text: string) => page.getByRole('row').filter({ hasText: text });
  await expect(row('First one')).toContainText(t('admin.import.would.new'));
  await expect(row('Second one')).toContainText(t('admin.import.would.needs_password'));
  await expect(row('Nobody’s')).toContainText(t('errors.import.owner_unknown.cause'));
  await expect(row('Third one')).toContainText(t('errors.security.plain_forbidden.cause'));
  await expect(page.getByText(t('errors.import.column_unknown.cause'))).toBeVisible();
  await axe(page, 'what would happen');
  await page.getByLabel(t('admin.import.encrypt')).check();
  await expect(row('Third one')).toContainText(t('errors.import.encryption_added.cause'));
  await page.getByLabel(t('admin.import.encrypt')).uncheck();
  await expect(row('Third one')).toContainText(t('admin.import.outcome.invalid'));

  await page.getByRole('button', { name: t('admin.import.go', { count: 2 }) }).click();
  await expect(page.getByText(t('admin.import.done', { count: 2 }))).toBeVisible();
  await axe(page, 'what was imported');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: t('admin.import.csv') }).click();
  const report = await readFile(await (await download).path(), 'utf8');
  expect(report.split('\r\n')[1]).toContain(`"2","new","1","${known.address}"`);
  expect(report).not.toContain(known.password);

  // The service reads the one with a password; the other waits, and works once it is entered.
  await row('Second one').getByRole('link').click();
  await expect(page.getByText(t('errors.account.no_secret.cause')).first()).toBeVisible();
  await page.getByLabel(t('settings.account.password.new'), { exact: true }).fill(bare.password);
  await page.getByRole('button', { name: t('settings.account.password.save'), exact: true }).click();
  await expect(
    page
      .getByRole('region', { name: t('ui.toasts') })
      .getByText(t('settings.account.password.saved', { address: bare.address })),
  ).toBeVisible();
  const health = async (id: number) =>
    (await (await page.request.get(`${service.url}/api/v1/accounts/${id}`)).json()).incoming.health.state as string;
  await expect.poll(() => health(1)).toBe('ok');
  await expect.poll(() => health(2)).toBe('ok');

  // The same file again doubles nothing.
  await page.goto(service.url + '/admin/import');
  await page.getByText(t('admin.import.paste')).click();
  await page.getByLabel(t('admin.import.content')).fill(table);
  await page.getByRole('button', { name: t('admin.import.read') }).click();
  await expect(page.getByText(t('admin.import.outcome.exists'))).toHaveCount(2);
});
