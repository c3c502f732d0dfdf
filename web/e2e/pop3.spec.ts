import { axe, expect, signIn, test } from './fixtures.ts';
import { words } from './words.ts';

const t = words('en');

test('a mailbox by POP3: connected by hand, read, answered, and left as it was', async ({ page, stage }) => {
  test.setTimeout(120_000);
  const service = await stage.service({ admin: true, unknown: true });
  const box = await stage.mailbox({ mails: 60 });
  await signIn(page, service);
  await page.goto(service.url + '/connect');
  await page.getByLabel(t('connect.address.label')).fill(box.address);
  await page.getByRole('button', { name: t('connect.next') }).click();
  await page.getByText(t('connect.choose.by_hand'), { exact: true }).click();

  // The port follows from protocol and security until it is typed.
  const incoming = page.getByRole('textbox', { name: t('connect.server.incoming') });
  await incoming.fill('mail.example.com');
  await expect(page.getByText(t('connect.try.tls', { port: '993' })).first()).toBeVisible();
  await page.getByRole('radio', { name: 'POP3' }).check();
  await expect(page.getByText(t('connect.try.tls', { port: '995' })).first()).toBeVisible();
  await expect(page.getByText(t('connect.reading.pop3_hint'))).toBeVisible();
  await incoming.fill(`${service.pop3.host}:${service.pop3.port}`);
  await page
    .getByRole('textbox', { name: t('connect.server.outgoing') })
    .fill(`${service.outgoing.host}:${service.outgoing.port}`);
  await axe(page, 'POP3 by hand');
  await page.getByRole('button', { name: t('connect.next') }).click();
  await page.getByLabel(t('connect.password.password')).fill(box.password);
  await page.getByRole('button', { name: t('connect.test') }).click();
  await expect(page.getByText(t('connect.all_works'))).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText(/POP3 · /)).toBeVisible();
  await axe(page, 'a test by POP3');
  await page.getByRole('button', { name: t('connect.save'), exact: true }).click();
  await expect(page.getByText(t('connect.done.title', { address: box.address }))).toBeVisible({ timeout: 30_000 });

  // The newest first; a mail is read, which nothing on the server shows.
  await page.getByRole('link', { name: t('connect.done.open_mail') }).click();
  await page.getByText('Order 59', { exact: true }).first().click();
  await expect(page.getByRole('heading', { name: 'Order 59' })).toBeVisible();
  await expect(page.frameLocator('iframe:not([aria-hidden="true"])').getByText('offer number 59')).toBeVisible();
  await page
    .getByRole('button', { name: t('mail.reply'), exact: true })
    .first()
    .click();
  const text = `By POP3: ${service.setupToken.slice(-8) || service.id}-${Date.now()}`;
  await expect(page.getByRole('textbox', { name: t('compose.text.label') })).toBeFocused();
  await page.keyboard.type(text);
  await page.getByRole('button', { name: t('compose.send.plain'), exact: true }).click();
  await expect(page.getByText(t('compose.sending.sent'), { exact: true }).first()).toBeVisible({ timeout: 30_000 });

  // The answer has no copy on the server: the outbox is its place.
  const api = service.url + '/api/v1';
  const { items } = (await (await page.request.get(api + '/outbox')).json()) as {
    items: { state: string; sent_copy?: string; subject: string }[];
  };
  expect(items).toHaveLength(1);
  expect([items[0]!.state, items[0]!.sent_copy ?? '', items[0]!.subject]).toEqual(['accepted', '', 'Re: Order 59']);
  expect(await stage.mails(box, 'Sent')).toHaveLength(0);
  const there = await stage.mails(box, 'INBOX');
  expect(there).toHaveLength(60);

  // What comes later is there after "sync now".
  await stage.deliver(box, { subject: 'Later by POP3' });
  const account = (await (await page.request.get(api + '/accounts')).json()) as { items: { id: number }[] };
  const session = (await (await page.request.get(api + '/session')).json()) as { csrf_token?: string };
  const asked = await page.request.post(`${api}/accounts/${account.items[0]!.id}/sync`, {
    headers: session.csrf_token ? { 'X-CSRF-Token': session.csrf_token } : {},
  });
  expect(asked.ok(), await asked.text()).toBe(true);
  await page.goto(`${service.url}/mail/${account.items[0]!.id}`);
  await expect(page.getByText('Later by POP3', { exact: true }).first()).toBeVisible({ timeout: 30_000 });

  // The settings of the account say how it is read.
  await page.goto(`${service.url}/settings/accounts/${account.items[0]!.id}`);
  await expect(page.getByText('POP3', { exact: true }).first()).toBeVisible();
  await page
    .getByRole('button', { name: t('settings.server.change') })
    .first()
    .click();
  await expect(page.getByRole('radio', { name: 'POP3' })).toBeChecked();
  await axe(page, 'the server of a POP3 account');
});
