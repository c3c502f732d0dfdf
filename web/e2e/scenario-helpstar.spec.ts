import type { Page } from '@playwright/test';
import { axe, expect, signIn, test, type Mailbox, type Service } from './fixtures.ts';
import { address, chooses, link, password, person, provider, t } from './scenario.ts';

/** reply opens a request in the inbox and answers it. */
async function reply(page: Page, subject: string, text: string): Promise<void> {
  await page.getByText(subject, { exact: true }).first().click();
  await page
    .getByRole('button', { name: t('mail.reply'), exact: true })
    .first()
    .click();
  await expect(page.getByRole('textbox', { name: t('compose.text.label') })).toBeFocused();
  await page.keyboard.type(text);
  await page.getByRole('button', { name: t('compose.send.plain'), exact: true }).click();
  await expect(page.getByText(t('compose.sending.sent'), { exact: true }).first()).toBeVisible({ timeout: 30_000 });
}

/** answeredFrom looks up which account sent the one answer of whoever is signed in. */
async function answeredFrom(page: Page, service: Service, box: Mailbox): Promise<void> {
  await expect
    .poll(async () => {
      const { items } = (await (await page.request.get(service.url + '/api/v1/outbox')).json()) as {
        items: { state: string; subject: string; reason: { address: string; level: string } }[];
      };
      return items.map((m) => [m.state, m.subject, m.reason.address]);
    })
    .toEqual([['accepted', 'Re: Order 1', box.address]]);
}

test('HelpSTAR: two servers, one rep entered by the administrator, one by himself; both answer', async ({
  page,
  stage,
}) => {
  test.setTimeout(180_000);
  const service = await stage.service({ admin: true, unknown: true });
  const [ritas, svens] = [await stage.mailbox({ mails: 2 }), await stage.mailbox({ mails: 2 })];
  const domain = ritas.address.split('@')[1]!;
  await signIn(page, service);
  await provider(page, service, 'North', { domains: [domain] });
  await provider(page, service, 'South', { incoming: [service.pop3] });

  await test.step('H5, H7: the configured servers stand side by side, by their names', async () => {
    await page.goto(service.url + '/admin/providers?show=own');
    for (const name of ['North', 'South']) await expect(page.getByRole('link', { name })).toBeVisible();
    await axe(page, 'two servers');
  });
  await test.step('H17: the administrator adds a rep, with the account', async () => {
    await page.goto(service.url + '/admin/users');
    await page.getByRole('button', { name: t('admin.users.add') }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(t('admin.users.email'), { exact: true }).fill('rita@people.example');
    await dialog.getByLabel(t('admin.users.name'), { exact: false }).first().fill('Rita');
    await dialog.getByLabel(t('admin.users.password'), { exact: false }).first().fill('the password of Rita');
    await dialog.getByText(t('policies.mailbox'), { exact: true }).click();
    await dialog.getByLabel(t('policies.mailbox.address')).fill(ritas.address);
    await dialog.getByLabel(t('policies.mailbox.password'), { exact: true }).fill(ritas.password);
    await dialog.getByRole('button', { name: t('admin.users.make'), exact: true }).click();
    await expect(dialog).toBeHidden({ timeout: 30_000 });
  });
  const sven = await person(page, service, 'Sven');
  await test.step('H2, H3: she answers from her local account', async () => {
    await signIn(page, service, { email: 'rita@people.example', password: 'the password of Rita' });
    await page.goto(service.url + '/mail');
    await reply(page, 'Order 1', 'Greetings by North.');
    await answeredFrom(page, service, ritas);
  });
  await test.step('H8, H10: a rep enters his own account, by POP3', async () => {
    await address(page, service, sven, svens);
    await link(page, 'connect.choose_other_short').click();
    await chooses(page, 'South');
    await password(page, svens);
    await link(page, 'connect.done.open_mail').click();
    await reply(page, 'Order 1', 'Greetings by South.');
    await answeredFrom(page, service, svens);
  });
});
