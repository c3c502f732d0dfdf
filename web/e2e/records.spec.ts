import { axe, connect, expect, signIn, test } from './fixtures.ts';
import { words } from './words.ts';

const t = words('en');

test('a mail is linked to a record, stays there without its account, and is taken away with undo', async ({
  page,
  stage,
}) => {
  test.setTimeout(120_000);
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox({ mails: 3 });
  await signIn(page, service);
  const account = await connect(page, service, box, { wait: 3 });
  const api = service.url + '/api/v1';

  // While there is no record the page says so; the key opens the dialog on a mail.
  await page.goto(service.url + '/records');
  await expect(page.getByText(t('records.none'), { exact: true })).toBeVisible();
  await axe(page, 'no records');
  await page.goto(`${service.url}/mail/${account}`);
  await page.getByText('Order 2', { exact: true }).first().click();
  await expect(page.getByRole('heading', { name: 'Order 2' })).toBeVisible();
  await page.keyboard.press('l');
  const dialog = page.getByRole('dialog', { name: t('records.link') });
  await expect(dialog.getByText(t('records.shares'))).toBeVisible();
  await dialog.getByRole('searchbox').fill('Broken heating');
  await axe(page, 'the dialog to link');
  await dialog
    .getByRole('button', {
      name: t('records.create_as', { name: 'Broken heating', type: t('records.type.request') }),
      exact: true,
    })
    .click();
  await expect(dialog).toBeHidden();

  // The link stands on the mail; taking it away can be undone.
  const links = page.getByRole('region', { name: t('records.of_message') });
  await expect(links.getByRole('link', { name: /Broken heating/ })).toBeVisible();
  await axe(page, 'a linked mail');
  await links.getByRole('button', { name: t('records.unlink', { name: 'Broken heating' }) }).click();
  await expect(links).toBeHidden();
  await page
    .getByRole('button', { name: t('settings.undo') })
    .last()
    .click();
  await expect(links.getByRole('link', { name: /Broken heating/ })).toBeVisible();

  // It is found by search, and is there to choose for the next mail.
  await page.keyboard.press('j');
  await expect(page.getByRole('heading', { name: 'Order 1' })).toBeVisible();
  await page.keyboard.press('l');
  await dialog.getByRole('searchbox').fill('heat');
  await dialog.getByRole('button', { name: /^Broken heating/ }).click();
  await expect(dialog).toBeHidden();
  await expect(links.getByRole('link', { name: /Broken heating/ })).toBeVisible();

  // The preview of disconnecting counts what stays; then the account goes.
  await page.goto(`${service.url}/settings/accounts/${account}`);
  const preview = (await (await page.request.get(`${api}/accounts/${account}/disconnect`)).json()) as {
    linked: number;
  };
  expect(preview.linked).toBe(2);
  const left = await page.request.post(`${api}/accounts/${account}/disconnect`);
  expect(left.ok(), await left.text()).toBe(true);

  // The record has both mails, and reads them without the account.
  await page.goto(service.url + '/records');
  await page.getByRole('searchbox').fill('heating');
  await page.getByRole('link', { name: /Broken heating/ }).click();
  const mails = page.getByRole('list', { name: t('records.mails_of') });
  await expect(mails.getByRole('listitem')).toHaveCount(2);
  await axe(page, 'a record');
  await mails.getByRole('link', { name: /Order 1/ }).click();
  await expect(page.getByRole('heading', { name: 'Order 1' })).toBeVisible();
  await expect(page.getByText(box.address, { exact: true }).first()).toBeVisible();
  await expect(page.frameLocator('iframe').getByText('offer number 1')).toBeVisible();
  await axe(page, 'a mail of a record with a page of its own');
  await page.getByRole('link', { name: 'Broken heating' }).click();
  await mails.getByRole('link', { name: /Order 2/ }).click();
  await expect(page.getByText('please send offer number 2')).toBeVisible();
  await axe(page, 'a mail of a record');
  await page.getByRole('link', { name: 'Broken heating' }).click();
  await mails.getByRole('listitem').first().getByRole('button', { name: /Take/ }).click();
  await expect(mails.getByRole('listitem')).toHaveCount(1);
  await page
    .getByRole('button', { name: t('settings.undo') })
    .last()
    .click();
  await expect(mails.getByRole('listitem')).toHaveCount(2);
});

test('administrators keep the types of records', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  await signIn(page, service);
  await page.goto(service.url + '/admin/record-types');
  const table = page.getByRole('table', { name: t('records.types') });
  await expect(table.getByRole('row')).toHaveCount(4);
  await axe(page, 'the types of records');
  await page.getByRole('button', { name: t('records.types.add') }).click();
  await page.getByRole('textbox', { name: t('records.types.name') }).fill('Order');
  await page.getByRole('textbox', { name: t('records.types.key') }).fill('order');
  const address = page.getByRole('textbox', { name: t('records.types.url') });
  await address.fill('crm.example.com/orders');
  await page.getByRole('button', { name: t('settings.save') }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await axe(page, 'a refused type');
  await address.fill('https://crm.example.com/orders/{key}');
  await page.getByRole('button', { name: t('settings.save') }).click();
  await expect(table.getByText('https://crm.example.com/orders/{key}')).toBeVisible();
  await page.getByRole('button', { name: t('records.types.delete', { name: 'Order' }) }).click();
  await expect(table.getByText('https://crm.example.com/orders/{key}')).toBeHidden();
  await page.getByRole('button', { name: t('settings.undo') }).click();
  await expect(table.getByText('https://crm.example.com/orders/{key}')).toBeVisible();
});
