import type { Page } from '@playwright/test';
import { axe, connect, expect, signIn, test, type Service } from './fixtures.ts';
import { words } from './words.ts';

test.describe.configure({ timeout: 150_000 });

const t = words('en');
const text = 'Dear customer,\n\nplease find the invoice enclosed.';
const button = (page: Page, key: string) => page.getByRole('button', { name: t(key), exact: true });
const link = (page: Page, key: string) => page.getByRole('link', { name: t(key), exact: true });
const field = (page: Page, key: string) => page.getByLabel(t(`templates.field.${key}`), { exact: true });
const notices = (page: Page) => page.getByRole('region', { name: t('ui.toasts') });
const mail = (page: Page) => page.getByRole('dialog').filter({ has: page.getByPlaceholder(t('compose.subject')) });

async function post<T>(page: Page, service: Service, method: 'post' | 'put' | 'patch', path: string, data: object) {
  const res = await page.request[method](`${service.url}/api/v1${path}`, { data, timeout: 30_000 });
  expect(res.status(), await res.text()).toBeLessThan(300);
  return (res.status() === 204 ? undefined : await res.json()) as T;
}

test('a template sends a mail, and holds the account that it names', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const [box, customer] = [await stage.mailbox(), await stage.mailbox()];
  await signIn(page, service);
  const account = await connect(page, service, box);
  await post(page, service, 'put', '/system-account', { account_id: account });

  await page.goto(service.url + '/admin/templates');
  await expect(page.getByText(t('templates.empty'))).toBeVisible();
  await axe(page, 'no templates');
  await link(page, 'templates.add').click();
  // The system's account is filled in.
  await expect(field(page, 'account_id')).toHaveValue(String(account));
  await field(page, 'name').fill('Invoice');
  await button(page, 'settings.save').click();
  await expect(page.getByText(t('errors.input.module_needed.cause'))).toBeVisible();
  await field(page, 'module').fill('invoices');
  await page.getByRole('switch', { name: t('templates.field.default') }).check();
  await field(page, 'subject').fill('Your invoice');
  await field(page, 'text').fill(text);
  await axe(page, 'a new template');
  await button(page, 'settings.save').click();
  await expect(page.getByRole('heading', { name: 'Invoice', level: 1 })).toBeVisible();
  await axe(page, 'a template');

  await page.goto(service.url + '/outbox');
  await expect(page.getByText('Nothing has been sent yet')).toBeVisible();
  await page.keyboard.press('c');
  await mail(page)
    .getByRole('combobox', { name: t('compose.to'), exact: true })
    .fill(customer.address);
  await mail(page).getByPlaceholder(t('compose.subject')).fill('Something of my own');
  const none = t('templates.compose.change', { name: t('templates.compose.nothing') });
  await mail(page).getByRole('button', { name: none }).click();
  await page.getByRole('menuitemcheckbox', { name: /Invoice/ }).click();
  // What was written is not replaced unasked, and comes back.
  const ask = page.getByRole('dialog', { name: t('templates.compose.ask', { name: 'Invoice' }) });
  await axe(page, 'asked before the text is replaced');
  await ask.getByRole('button', { name: t('templates.compose.replace') }).click();
  await expect(mail(page).getByPlaceholder(t('compose.subject'))).toHaveValue('Your invoice');
  await expect(mail(page)).toContainText('please find the invoice enclosed.');
  await expect(mail(page)).toContainText(t('ui.why.template', { address: box.address, template: 'Invoice' }));
  await axe(page, 'a mail by a template');
  await notices(page)
    .getByRole('button', { name: t('compose.undo') })
    .click();
  await expect(mail(page).getByPlaceholder(t('compose.subject'))).toHaveValue('Something of my own');
  await expect(mail(page)).not.toContainText('please find');
  await mail(page).getByRole('button', { name: none }).click();
  await page.getByRole('menuitemcheckbox', { name: /Invoice/ }).click();
  await ask.getByRole('button', { name: t('templates.compose.replace') }).click();
  await expect(mail(page).getByPlaceholder(t('compose.subject'))).toHaveValue('Your invoice');
  await mail(page).getByRole('button', { name: /^Send/ }).click();
  await notices(page)
    .getByRole('listitem')
    .filter({ hasText: 'Sending' })
    .getByRole('button', { name: 'Close' })
    .click();
  await expect
    .poll(async () => {
      const res = await page.request.get(service.url + '/api/v1/outbox');
      const { items } = (await res.json()) as {
        items: { subject: string; state: string; reason: { level: string; template?: string } }[];
      };
      return items.map((m) => [m.subject, m.state, m.reason.level, m.reason.template]);
    })
    .toEqual([['Your invoice', 'accepted', 'template', 'Invoice']]);

  // The account's page leads to its templates, and they keep it.
  await post(page, service, 'put', '/system-account', { account_id: 0 });
  await page.goto(`${service.url}/admin/accounts/${account}`);
  await page.getByRole('link', { name: t('templates.account.count', { count: 1 }) }).click();
  await expect(page.getByRole('table').getByRole('link', { name: 'Invoice' })).toBeVisible();
  await axe(page, 'templates of an account');
  await page.goto(`${service.url}/admin/accounts/${account}`);
  await button(page, 'settings.remove.open').click();
  const holds = page.getByRole('dialog').getByRole('link', { name: t('settings.use.template', { name: 'Invoice' }) });
  await axe(page, 'an account that a template names');
  await holds.click();
  await expect(page.getByRole('heading', { name: 'Invoice', level: 1 })).toBeVisible();
});

test('two administrators change one template, and it is duplicated and deleted', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  await signIn(page, service);
  const made = { name: 'Reminder', module: 'invoices', subject: 'A reminder', default: true };
  const { id } = await post<{ id: number }>(page, service, 'post', '/templates', made);
  await page.goto(`${service.url}/admin/templates/${id}`);
  await field(page, 'subject').fill('My reminder');
  await post(page, service, 'patch', `/templates/${id}`, { subject: 'Their reminder', note: 'Ask Ada.' });
  await button(page, 'settings.save').click();
  const both = page.getByRole('group', { name: t('templates.field.subject') });
  await expect(both).toContainText('Their reminder');
  await expect(both).toContainText('My reminder');
  await axe(page, 'a template that two changed');
  await both.getByRole('button', { name: t('settings.conflict.keep') }).click();
  await button(page, 'settings.save').click();
  await expect(notices(page).getByText(t('settings.saved'))).toBeVisible();
  await expect(page.getByRole('textbox', { name: t('templates.field.note') })).toHaveValue('Ask Ada.');

  await link(page, 'templates.copy').click();
  await expect(field(page, 'name')).toHaveValue(t('templates.copy_name', { name: 'Reminder' }));
  await expect(page.getByRole('switch', { name: t('templates.field.default') })).not.toBeChecked();
  await button(page, 'settings.save').click();
  await expect(page.getByRole('heading', { name: /Reminder \(/, level: 1 })).toBeVisible();

  await page.goto(service.url + '/admin/templates');
  await expect(page.getByRole('row').filter({ hasText: 'My reminder' })).toHaveCount(2);
  await axe(page, 'templates');
  await page.getByRole('searchbox').fill('copy');
  await page
    .getByRole('table')
    .getByRole('link', { name: /Reminder/ })
    .click();
  await button(page, 'templates.delete').click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: t('admin.delete'), exact: true })
    .click();
  await expect(page.getByRole('row').filter({ hasText: 'My reminder' })).toHaveCount(1);
});
