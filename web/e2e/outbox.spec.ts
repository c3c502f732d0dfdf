import type { Page } from '@playwright/test';
import { axe, connect, expect, signIn, test, type Service } from './fixtures.ts';
import { words } from './words.ts';

// Mail goes through servers, with pauses between the attempts.
test.describe.configure({ timeout: 120_000 });

const ada = { name: 'Ada Fern', email: 'ada@demo.example', password: 'demo-password' };

async function submit(page: Page, service: Service, subject: string, ...to: string[]): Promise<number> {
  const res = await page.request.post(service.url + '/api/v1/outbox', {
    data: { subject, text: 'Hello.\n', to: to.map((address) => ({ address })) },
  });
  expect(res.status(), await res.text()).toBe(202);
  return ((await res.json()) as { id: number }).id;
}

const row = (page: Page, subject: string) => page.getByRole('link').filter({ hasText: subject });

test('the fate of each mail is told, and its reasons', async ({ page, stage }) => {
  const service = await stage.demo('--quiet');
  await signIn(page, service, ada);
  await page.goto(service.url + '/outbox');
  await expect(page.getByRole('heading', { name: 'Outbox' }).first()).toBeAttached();

  // Each appears by itself, without a reload.
  await submit(page, service, 'Taken', 'anything@elsewhere.example');
  await submit(page, service, 'Refused', 'unknown-user@demo.example');
  await submit(page, service, 'Half', 'anything@elsewhere.example', 'unknown-user@demo.example');
  await submit(page, service, 'Later', 'greylisted@demo.example');
  await expect(row(page, 'Taken')).toContainText('Accepted');
  await expect(row(page, 'Refused')).toContainText('Rejected');
  await expect(row(page, 'Half')).toContainText('Partly accepted');
  await expect(row(page, 'Later')).toContainText('Accepted');
  await axe(page, 'an outbox with mails');

  await row(page, 'Half').click();
  await expect(page.getByText('not for 1 recipient')).toBeVisible();
  await expect(page.getByText('The recipient’s address does not exist.').first()).toBeVisible();
  await page.getByText('The server’s own words').first().click();
  await expect(page.getByText(/^5\d\d /).first()).toBeVisible();
  await expect(page.getByText(/From sales@demo\.example/)).toBeVisible();
  await axe(page, 'a mail of the outbox');

  await row(page, 'Later').click();
  await expect(page.getByRole('heading', { name: 'Later' })).toBeVisible();
  await expect(page.getByText('Attempt 2')).toBeAttached();
  await expect(page.getByText('The recipient’s server asks every new sender to try again.')).toBeVisible();

  await page.getByRole('combobox', { name: 'State' }).selectOption('rejected');
  await expect(page).toHaveURL(/state=rejected/);
  await expect(row(page, 'Refused')).toBeVisible();
  await expect(row(page, 'Taken')).toHaveCount(0);
  await page.getByRole('combobox', { name: 'State' }).selectOption('held');
  await expect(page.getByText('No mail fits this choice')).toBeVisible();
  await page.getByRole('link', { name: 'Show all' }).click();
  await expect(row(page, 'Taken')).toBeVisible();
});

test('a mail that is put off can be tried at once and cancelled', async ({ page, stage }) => {
  const service = await stage.demo('--quiet');
  await signIn(page, service, ada);
  const id = await submit(page, service, 'Later', 'full@demo.example');
  await page.goto(`${service.url}/outbox/${id}`);
  await expect(page.getByText(/Next try/)).toBeVisible();
  await page.getByRole('button', { name: 'Try now' }).click();
  await expect(page.getByRole('region', { name: 'Notices' }).getByText('It is tried now')).toBeVisible();
  await expect(page.getByText('Attempt 2')).toBeAttached();
  await page.getByRole('button', { name: 'Cancel sending' }).click();
  await expect(page.getByText('It is not sent any more.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Cancel sending' })).toHaveCount(0);
});

test('a mail of an account that pauses says so, and is sent now when asked', async ({ page, stage }) => {
  const t = words('en');
  const service = await stage.service({ admin: true, settings: { send_retry: '5m' } });
  const box = await stage.mailbox();
  await signIn(page, service);
  await connect(page, service, box);
  await service.line('refuse', 'outgoing');
  await page.goto(service.url + '/outbox');
  await submit(page, service, 'Before', box.address);
  await expect(row(page, 'Before')).toContainText(t('outbox.state.put_off'));
  await submit(page, service, 'Later', box.address);
  await row(page, 'Later').click();
  await expect(page.getByText(t('outbox.meaning.pauses'))).toBeVisible();
  await axe(page, 'a mail of an account that pauses');
  await service.line('ok', 'outgoing');
  await page.getByRole('button', { name: t('outbox.retry.now') }).click();
  await expect(page.getByText(t('outbox.meaning.accepted'))).toBeVisible({ timeout: 30_000 });
});

test('who sends a mail of unknown fate again is told the risk', async ({ page, stage }) => {
  const service = await stage.demo('--quiet');
  await signIn(page, service, ada);
  const id = await submit(page, service, 'Lost', 'anything@elsewhere.example');
  let forced = '';
  await page.route(`**/api/v1/outbox/${id}`, async (route) => {
    const mail = (await (await route.fetch()).json()) as { state: string; recipients: { state: string }[] };
    mail.state = 'unknown';
    for (const r of mail.recipients) r.state = 'unknown';
    await route.fulfill({ json: mail });
  });
  await page.route(`**/api/v1/outbox/${id}/retry*`, async (route) => {
    forced = new URL(route.request().url()).search;
    await route.fulfill({ json: {} });
  });
  await page.goto(`${service.url}/outbox/${id}`);
  await expect(page.getByText('The connection was lost before the server confirmed it.')).toBeVisible();
  await axe(page, 'a mail of unknown fate');
  await page.getByRole('button', { name: 'Send again, 1 recipient may get it twice' }).click();
  await expect.poll(() => forced).toBe('?force=true');
});

test('on a phone the list and a mail are a page each', async ({ page, stage }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const service = await stage.demo('--quiet');
  await signIn(page, service, ada);
  await submit(page, service, 'Taken', 'anything@elsewhere.example');
  await page.goto(service.url + '/outbox');
  await row(page, 'Taken').click();
  await expect(page.getByRole('heading', { name: 'Taken' })).toBeVisible();
  await expect(row(page, 'Taken')).toBeHidden();
  await axe(page, 'a mail of the outbox on a phone');
  await page.getByRole('link', { name: 'Outbox', exact: true }).first().click();
  await expect(row(page, 'Taken')).toBeVisible();
});

test('an empty outbox says what will be there', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  await signIn(page, service);
  await page.goto(service.url + '/outbox');
  await expect(page.getByText('Nothing has been sent yet')).toBeVisible();
  await axe(page, 'an empty outbox');
});
