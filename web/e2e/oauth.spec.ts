import type { Page } from '@playwright/test';
import { axe, connect, expect, signIn, test, type Mailbox, type Service } from './fixtures.ts';
import { ownProvider, register } from './identity.ts';
import { words } from './words.ts';

const t = words('en');

// The provider's certificate is issued by an authority of the tests, which the browser does not know.
test.use({ ignoreHTTPSErrors: true });

const withFirm = (page: Page) => page.getByRole('button', { name: t('oauth.with', { name: 'Firm' }) });

async function askFor(page: Page, service: Service, address: string): Promise<void> {
  await page.goto(service.url + '/connect');
  await page.getByLabel(t('connect.address.label')).fill(address);
  await page.keyboard.press('Enter');
  await expect(withFirm(page)).toBeVisible();
}

const done = (page: Page, box: Mailbox) =>
  expect(page.getByText(t('connect.done.title', { address: box.address }))).toBeVisible();

test('an administrator registers an app, and a person signs in with it instead of a password', async ({
  page,
  stage,
}) => {
  const service = await stage.service({ admin: true, unknown: true });
  const box = await stage.mailbox({ mails: 3 });
  await signIn(page, service);
  const provider = await ownProvider(page, service);
  await page.goto(service.url + '/admin/oauth-apps');
  await expect(page.getByText(t('oauth.empty'))).toBeVisible();
  await axe(page, 'no apps');
  await page.getByRole('link', { name: t('oauth.add') }).click();
  await page.getByLabel(t('oauth.field.service')).selectOption('custom');
  await expect(page.getByText(service.url + '/oauth/callback')).toBeVisible();
  await page.getByRole('button', { name: t('settings.save') }).click();
  await expect(
    page.getByText(t('errors.input.name_needed.cause')).or(page.getByText(t('errors.input.client_id_needed.cause'))),
  ).toBeVisible();
  // The focus leads to what was refused, and the refusal goes with the first letter.
  const refused = page.locator(':focus');
  await expect(refused).toHaveAttribute('aria-invalid', 'true');
  await refused.press('x');
  await expect(refused).not.toHaveAttribute('aria-invalid', 'true');
  for (const [field, value] of Object.entries({
    client_id: 'mailstead',
    client_secret: "the app's secret",
    name: 'Firm',
    providers: provider,
    scopes: 'mail\nopenid',
    issuer: service.issuer,
    auth_url: service.issuer + '/auth',
    token_url: service.issuer + '/token',
  }))
    await page.getByRole('textbox', { name: t(`oauth.field.${field}`) }).fill(value);
  await axe(page, 'a new app');
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/app-new.png`, fullPage: true });
  await page.getByRole('button', { name: t('settings.save') }).click();
  await expect(page.getByRole('heading', { name: 'Firm', level: 1 })).toBeVisible();
  await axe(page, 'an app');
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/app.png`, fullPage: true });

  await askFor(page, service, box.address);
  await axe(page, 'sign-in at the provider');
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/wizard.png` });
  await withFirm(page).click();
  await page.getByRole('link', { name: box.address }).click();
  await done(page, box);
  // What was secret in the address is gone.
  expect(page.url()).toBe(service.url + '/connect?step=done');
  await page.getByRole('link', { name: t('connect.done.open_mail') }).click();
  await expect(page.getByText('Order 2').first()).toBeVisible();

  await page.goto(service.url + '/admin/oauth-apps');
  await page.getByRole('link', { name: 'Firm' }).click();
  await expect(page.getByText(t('oauth.accounts', { count: 1 }))).toBeVisible();
  await page.getByRole('button', { name: t('oauth.delete') }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: t('admin.delete') })
    .click();
  await expect(page.getByText(t('errors.oauth_app.in_use.cause'))).toBeVisible();
});

test('who cancels or signs in as somebody else reads why, and can begin again', async ({ page, stage, witness }) => {
  const service = await stage.service({ admin: true, unknown: true });
  const box = await stage.mailbox();
  await signIn(page, service);
  await register(page, service);
  await askFor(page, service, box.address);
  await withFirm(page).click();
  await page.getByRole('link', { name: 'Cancel' }).click();
  await expect(page.getByText(t('errors.oauth.denied.cause'))).toBeVisible();
  await axe(page, 'a sign-in that was cancelled');
  await page.getByRole('button', { name: t('oauth.callback.begin_again') }).click();
  await expect(page.getByLabel(t('connect.address.label'))).toHaveValue(box.address);
  await expect(page.getByLabel(t('connect.address.label'))).toBeFocused();
  await page.keyboard.press('Enter');
  await withFirm(page).click();
  await page.getByRole('link', { name: 'ben@example.com' }).click();
  await expect(page.getByText(t('errors.oauth.other_identity.cause'))).toBeVisible();
  // A server that is away costs no second sign-in.
  await page.getByRole('button', { name: t('oauth.callback.begin_again') }).click();
  await expect(page.getByLabel(t('connect.address.label'))).toBeFocused();
  await page.keyboard.press('Enter');
  await withFirm(page).click();
  await service.line('refuse');
  await page.getByRole('link', { name: box.address }).click();
  await expect(page.getByRole('button', { name: t('oauth.callback.retry') })).toBeVisible();
  await axe(page, 'servers that are away');
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/away.png`, fullPage: true });
  await service.line('ok');
  await page.getByRole('button', { name: t('oauth.callback.retry') }).click();
  await done(page, box);
  expect(witness.problems).toEqual([]);
});

test('an account with a password changes to a sign-in, and back', async ({ page, stage }) => {
  const service = await stage.service({ admin: true, unknown: true });
  const box = await stage.mailbox({ mails: 1 });
  await signIn(page, service);
  await register(page, service);
  const account = await connect(page, service, box, { wait: 1 });
  await page.goto(`${service.url}/settings/accounts/${account}`);
  await withFirm(page).click();
  await page.getByRole('link', { name: box.address }).click();
  await expect(page.getByText(t('oauth.again.done', { address: box.address })).first()).toBeVisible();
  await expect(page.getByText(t('oauth.account.lead'))).toBeVisible();
  await expect(page.getByRole('button', { name: t('oauth.again', { name: 'Firm' }) })).toBeVisible();
  await axe(page, 'an account that signs in at its provider');
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/account.png`, fullPage: true });
  await page.getByRole('button', { name: t('oauth.password_instead') }).click();
  await page.getByLabel(t('settings.account.password.new'), { exact: true }).fill(box.password);
  await page.getByRole('button', { name: t('settings.account.password.save') }).click();
  await expect(withFirm(page)).toBeVisible();
});
