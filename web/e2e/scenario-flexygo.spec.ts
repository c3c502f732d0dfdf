import { axe, expect, signIn, test } from './fixtures.ts';
import { button, link, person, send, shared, t } from './scenario.ts';

test.describe.configure({ timeout: 120_000 });

test('flexygo F6-F9: an account is given to a profile and to a user, and the user’s wins', async ({ page, stage }) => {
  const service = await stage.service({ admin: true, unknown: true });
  const [firms, ninas] = [await stage.mailbox(), await stage.mailbox()];
  await signIn(page, service);
  await shared(page, service, firms, 'Sales desk');
  await shared(page, service, ninas, 'Nina’s box');
  const sales = await send(page, service, 'POST', '/profiles', { name: 'Sales' });
  const nina = await person(page, service, 'Nina', [sales.id]);
  const sends = page.getByRole('region', { name: t('admin.users.sends') });

  await test.step('F9: from the page of the profile', async () => {
    await page.goto(service.url + '/admin/profiles');
    await page.getByRole('link', { name: 'Sales' }).click();
    await expect(page.getByText(t('given.profile.none'))).toBeVisible();
    await expect(page.getByRole('link', { name: 'Nina' })).toBeVisible();
    await button(page, 'given.add').click();
    await page
      .getByRole('combobox', { name: t('given.account'), exact: true })
      .selectOption(`Sales desk (${firms.address})`);
    await axe(page, 'the form of a profile’s account');
    await button(page, 'given.add').click();
    await expect(page.getByRole('link', { name: 'Sales desk' })).toBeVisible();
    await axe(page, 'a profile with an account');
  });
  await test.step('F3: the profile’s account sends', async () => {
    await page.getByRole('link', { name: 'Nina' }).click();
    await expect(sends.getByRole('link', { name: 'Sales desk' })).toBeVisible();
  });
  await test.step('F8: from the page of the user', async () => {
    await button(page, 'given.add').click();
    await page
      .getByRole('combobox', { name: t('given.account'), exact: true })
      .selectOption(`Nina’s box (${ninas.address})`);
    await button(page, 'given.add').click();
    await expect(page.locator('#accounts').getByRole('link', { name: 'Nina’s box' })).toBeVisible();
    await axe(page, 'a user with an account');
  });
  await test.step('F4: who would send is the user’s account, before the profile’s', async () => {
    await expect(sends.getByRole('link', { name: 'Nina’s box' })).toBeVisible();
    await page.goto(`${service.url}/admin/senders/${nina.id}`);
    await expect(page.getByRole('link', { name: 'Nina’s box' })).toBeVisible();
    await page.locator('summary').filter({ hasText: 'Nina' }).click();
    const passed = page.locator('details').filter({ hasText: firms.address });
    await expect(passed.getByText(firms.address).first()).toBeVisible();
    await expect(passed.getByText(t('ui.why.passed.after.user')).first()).toBeVisible();
    await expect(passed.getByText(t('ui.why.change.choose')).first()).toBeVisible();
  });
  await test.step('F8: taken away, and given back', async () => {
    await page.goto(`${service.url}/admin/users/${nina.id}`);
    await page.getByRole('button', { name: t('admin.sharing.take', { name: 'Nina: Nina’s box' }) }).click();
    await expect(page.getByText(t('given.user.none'))).toBeVisible();
    await expect(sends.getByRole('link', { name: 'Sales desk' })).toBeVisible();
    await button(page, 'settings.undo').click();
    await expect(sends.getByRole('link', { name: 'Nina’s box' })).toBeVisible();
  });
});

test('flexygo F18: an account begun from the form of a user or a profile, and completed', async ({ page, stage }) => {
  const service = await stage.service({ admin: true, unknown: true });
  await signIn(page, service);
  const sales = await send(page, service, 'POST', '/profiles', { name: 'Sales' });
  const nina = await person(page, service, 'Nina', [sales.id]);
  for (const [path, address] of [
    [`/admin/users/${nina.id}`, 'nina@new.example'],
    [`/admin/profiles/${sales.id}`, 'sales@new.example'],
  ] as const) {
    await page.goto(service.url + path);
    await button(page, 'given.new').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(t('admin.accounts.address')).fill(address);
    await axe(page, 'a new account of ' + path);
    await dialog.getByRole('button', { name: t('given.new'), exact: true }).click();
    await expect(page.getByText(t('given.made', { address }))).toBeVisible();
    await expect(page.getByRole('link', { name: address }).first()).toBeVisible();
    await link(page, 'given.complete').click();
    await expect(page).toHaveURL(/\/admin\/accounts\/\d+$/);
    await expect(page.getByRole('heading', { name: address, level: 1 })).toBeVisible();
  }
  await page.goto(service.url + `/admin/profiles/${sales.id}`);
  await expect(page.getByRole('link', { name: 'sales@new.example' })).toBeVisible();
});
