import { axe, expect, signIn, test } from './fixtures.ts';
import { address, button, chooses, link, password, person, provider, t } from './scenario.ts';

test('Creatio: a domain that nobody knows, chosen by hand, recognised, confirmed; several mailboxes', async ({
  page,
  stage,
}) => {
  test.setTimeout(180_000);
  const service = await stage.service({ admin: true, unknown: true });
  const boxes = [
    await stage.mailbox({ mails: 3 }),
    await stage.mailbox(),
    await stage.mailbox(),
    await stage.mailbox(),
  ] as const;
  const domain = boxes[0].address.split('@')[1]!;
  await signIn(page, service);
  await provider(page, service, 'Company mail');
  const vera = await person(page, service, 'Vera');
  const wim = await person(page, service, 'Wim');

  await test.step('C10, C12: the provider by hand, and only then the password', async () => {
    await address(page, service, vera, boxes[0]);
    await expect(page.getByText(t('connect.choose.unknown', { domain }))).toBeVisible();
    await expect(page.getByLabel(t('connect.password.password'), { exact: true })).toHaveCount(0);
    await chooses(page, 'Company mail');
    await password(page, boxes[0]);
  });
  await test.step('C15: two ways on: open the mail, and more settings', async () => {
    await expect(link(page, 'connect.done.settings')).toBeVisible();
    await axe(page, 'the two ways on');
    await link(page, 'connect.done.open_mail').click();
    await expect(page.getByText('Order 2', { exact: true }).first()).toBeVisible({ timeout: 30_000 });
  });
  await test.step('C11: the next colleague’s address is recognised, by a colleague’s choice', async () => {
    await address(page, service, wim, boxes[1]);
    await expect(page.getByText(t('connect.from.learned', { domain }))).toBeVisible();
    await expect(page.getByText('Company mail').first()).toBeVisible();
    await password(page, boxes[1]);
  });
  await test.step('C16: more settings: the period of mail and the signature', async () => {
    await link(page, 'connect.done.settings').click();
    await expect(page).toHaveURL(/\/settings\/accounts\/\d+$/);
    await page.getByLabel(t('settings.account.signature.text')).fill('Wim, sales');
    await page.getByLabel(t('settings.period.which')).selectOption('all');
    await button(page, 'settings.save').first().click();
    await expect
      .poll(async () => {
        const { items } = (await (await page.request.get(service.url + '/api/v1/accounts')).json()) as {
          items: { load_period: string; signature?: string }[];
        };
        return items.map((a) => [a.load_period, a.signature]);
      })
      .toEqual([['all', 'Wim, sales']]);
  });
  await test.step('C17: the administrator confirms', async () => {
    await signIn(page, service);
    await page.goto(`${service.url}/admin/domains?q=${domain}`);
    const row = page.getByRole('row').filter({ hasText: domain });
    await expect(row).toContainText('Vera');
    await row.getByRole('button', { name: `${t('admin.domains.confirm')} ${domain}` }).click();
    await expect(row).toContainText(t('admin.source.administrator'));
  });
  await test.step('C1, C19, C24: one more mailbox of the same user, for receiving alone', async () => {
    await address(page, service, vera, boxes[2]);
    await expect(page.getByText(t('connect.from.administrator', { domain }))).toBeVisible();
    await page.getByText(t('connect.options.more'), { exact: true }).click();
    await page.getByRole('combobox', { name: t('connect.direction.label') }).selectOption('receive');
    await password(page, boxes[2]);
  });
  await test.step('C25: the login by hand', async () => {
    await link(page, 'connect.done.another').click();
    await page.getByLabel(t('connect.address.label')).fill(boxes[3].address);
    await page.keyboard.press('Enter');
    await page.getByText(t('connect.options.sign_in'), { exact: true }).click();
    await page.getByRole('combobox', { name: t('connect.login.choice') }).selectOption('custom');
    await page
      .getByRole('textbox', { name: t('connect.login.label'), exact: true })
      .fill(boxes[3].address.toUpperCase());
    await axe(page, 'the login by hand');
    await password(page, boxes[3]);
    const { items } = (await (await page.request.get(service.url + '/api/v1/accounts')).json()) as {
      items: { address: string; outgoing?: object; incoming: { login: string } }[];
    };
    expect(items.map((a) => [a.address, a.outgoing !== undefined])).toEqual([
      [boxes[0].address, true],
      [boxes[2].address, false],
      [boxes[3].address, true],
    ]);
    expect(items[2]!.incoming.login).toBe(boxes[3].address.toUpperCase());
  });
  await expect(button(page, 'connect.save')).toHaveCount(0);
});
