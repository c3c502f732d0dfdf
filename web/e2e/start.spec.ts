import type { Page } from '@playwright/test';
import { admin, axe, connect, expect, signIn, test, type Service } from './fixtures.ts';
import { words } from './words.ts';

const t = words('en');

// Each test starts a service and a browser of its own.
test.describe.configure({ timeout: 120_000 });

const password = (page: Page) => page.getByLabel(t('start.password'), { exact: true });

async function fillSetup(page: Page): Promise<void> {
  await page.getByLabel(t('start.name'), { exact: true }).fill(admin.name);
  await page.getByLabel(t('start.email')).fill(admin.email);
  await password(page).fill(admin.password);
}

test('the link of the service brings its token, by keyboard alone', async ({ page, stage }) => {
  const service = await stage.service();
  await page.goto(`${service.url}/setup#token=${encodeURIComponent(service.setupToken)}`);
  await expect(page.getByText(t('start.setup.token_given'))).toBeVisible();
  // The token stays in no history and goes to no server with the address.
  await expect(page).toHaveURL(service.url + '/setup');
  await expect(page.getByLabel(t('start.name'), { exact: true })).toBeFocused();
  await page.keyboard.type(admin.name);
  await page.keyboard.press('Tab');
  await page.keyboard.type(admin.email);
  await page.keyboard.press('Tab');
  await page.keyboard.type(admin.password);
  await expect(page.getByText(t('start.strength.4'))).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/welcome$/);
  await expect(page.getByRole('heading', { name: t('start.welcome.hello', { name: admin.name }) })).toBeVisible();
  await axe(page);
});

test('what is wrong with the setup is told at its fields', async ({ page, stage }) => {
  const service = await stage.service();
  await page.goto(service.url);
  await page.getByRole('button', { name: t('start.setup.submit') }).click();
  await expect(page.getByText(t('start.setup.token_needed'))).toBeVisible();
  await expect(page.getByLabel(t('start.setup.token'))).toBeFocused();
  await page.getByLabel(t('start.setup.token')).fill('setup_of_another_service');
  await fillSetup(page);
  await password(page).fill('short');
  await expect(page.getByText(t('start.strength.short', { count: 5 }))).toBeVisible();
  await page.getByRole('button', { name: t('start.setup.submit') }).click();
  await expect(page.getByText(t('errors.setup.bad_token.cause'))).toBeVisible();
  await page.getByLabel(t('start.setup.token')).fill(service.setupToken);
  await page.getByRole('button', { name: t('start.setup.submit') }).click();
  await expect(page.getByText(t('errors.password.too_short.cause'))).toBeVisible();
  await expect(password(page)).toBeFocused();
  // Nothing that was typed is lost.
  await expect(page.getByLabel(t('start.email'))).toHaveValue(admin.email);
  await axe(page);
  await password(page).fill(admin.password);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/welcome$/);
});

test('signing in leads to the page that was asked for; too many tries are told with the seconds', async ({
  page,
  stage,
}) => {
  const service = await stage.service({ admin: true });
  await page.goto(service.url + '/outbox');
  await expect(page.getByRole('heading', { name: t('start.sign_in.title') })).toBeVisible();
  await axe(page);
  const submit = page.getByRole('button', { name: t('start.sign_in.submit') });
  await submit.click();
  await expect(page.getByText(t('start.sign_in.email_needed'))).toBeVisible();
  await page.getByLabel(t('start.email')).fill(admin.email);
  await password(page).fill('not the password');
  await submit.click();
  await expect(page.getByText(t('errors.signin.bad_credentials.cause'))).toBeVisible();
  await expect(page.getByLabel(t('start.email'))).toHaveValue(admin.email);
  await password(page).fill(admin.password);
  await submit.click();
  await expect(page).toHaveURL(service.url + '/outbox');

  for (let i = 0; i < 11; i++)
    await page.request.post(service.url + '/api/v1/session', { data: { email: 'ben@example.com', password: 'x' } });
  await page.request.delete(service.url + '/api/v1/session');
  await page.goto(service.url + '/sign-in');
  await page.getByLabel(t('start.email')).fill('ben@example.com');
  await password(page).fill('x');
  await submit.click();
  const told = page.getByText(/Too many attempts.*\d+ seconds?/);
  await expect(told).toBeVisible();
  const first = await told.textContent();
  await expect(told).not.toHaveText(first!);
  await expect(submit).toHaveAttribute('aria-disabled', 'true');
});

async function afterSetup(page: Page, service: Service): Promise<void> {
  await signIn(page, service);
  await page.goto(service.url + '/welcome');
  await expect(page.getByRole('heading', { name: t('start.welcome.hello', { name: admin.name }) })).toBeVisible();
}

test('the checklist is ticked by what is there', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  await afterSetup(page, service);
  const row = (key: string) => page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: t(key) }) });
  await expect(row('start.step.mailbox')).toContainText(t('start.step.open'));
  await connect(page, service, await stage.mailbox({ mails: 1 }));
  await expect(row('start.step.mailbox')).toContainText(t('start.step.done'));
  await expect(row('start.step.system')).toContainText(t('start.step.open'));
  await row('start.step.system')
    .getByRole('button', { name: t('start.step.system.action') })
    .click();
  await expect(row('start.step.system')).toContainText(t('start.step.done'));
  await expect(row('start.step.colleague')).toContainText(t('start.step.open'));
  await page.request.post(service.url + '/api/v1/users', { data: { name: 'Ben', email: 'ben@example.com' } });
  await page.reload();
  await expect(row('start.step.colleague')).toContainText(t('start.step.done'));
  await axe(page);
});

test('sample mail comes and goes with one click, and the click says what goes', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  await afterSetup(page, service);
  await page.getByRole('button', { name: t('start.demo.add') }).click();
  await page.getByRole('button', { name: t('start.demo.connect_one', { address: 'anna@demo.example' }) }).click();
  await expect(page.getByLabel(t('connect.address.label'))).toHaveValue('anna@demo.example');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: t('connect.save'), exact: true }).click();
  await expect(page.getByText(t('connect.done.title', { address: 'anna@demo.example' }))).toBeVisible();
  await expect(page.getByText(t('connect.done.months', { count: 3 }))).toBeVisible();
  await page.goto(service.url + '/welcome');
  await page.getByRole('button', { name: /Remove sample mail \(1 mailbox, \d+ messages\)/ }).click();
  await expect(page.getByRole('button', { name: t('start.demo.add') })).toBeVisible();
  await expect(page.getByRole('link', { name: t('start.step.mailbox.action'), exact: true })).toBeVisible();
});

test('a session that ends under the hands is opened again above the page', async ({ page, stage, context }) => {
  const service = await stage.service({ admin: true });
  await signIn(page, service);
  await page.goto(service.url + '/connect');
  await page.getByLabel(t('connect.address.label')).fill('somebody@example.org');
  await page.request.delete(service.url + '/api/v1/session');
  await context.clearCookies();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: t('start.again.title') });
  await expect(dialog).toContainText(admin.email);
  await axe(page);
  // Without a session there is nothing behind it to go back to.
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeVisible();
  await password(page).fill('not the password');
  await page.keyboard.press('Enter');
  await expect(dialog).toContainText(t('errors.signin.bad_credentials.cause'));
  await password(page).fill(admin.password);
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await expect(page.getByLabel(t('connect.address.label'))).toHaveValue('somebody@example.org');
  await page.getByRole('button', { name: t('connect.next') }).click();
  await expect(page.getByLabel(t('connect.choose.search'))).toBeVisible();

  await page.request.delete(service.url + '/api/v1/session');
  await context.clearCookies();
  await page.goto(service.url + '/sign-in');
  await expect(page.getByRole('heading', { name: t('start.sign_in.title') })).toBeVisible();
});

test('"not me" leaves nothing of the person behind', async ({ page, stage, context }) => {
  const service = await stage.service({ admin: true });
  await afterSetup(page, service);
  await expect(page.getByRole('button', { name: t('start.demo.add') })).toBeVisible();
  await context.clearCookies();
  await page.getByRole('button', { name: t('start.demo.add') }).click();
  await page.getByRole('button', { name: t('start.again.not_me', { name: admin.name }) }).click();
  await expect(page.getByRole('heading', { name: t('start.sign_in.title') })).toBeVisible();
  await expect(page.getByText(admin.email)).toHaveCount(0);
});

test('language and appearance are switched in the menu and stay', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  await afterSetup(page, service);
  await page.getByRole('button', { name: t('common.user.label', { name: admin.name }) }).click();
  // Its name is in the language of the moment.
  const menu = page.locator('[popover][role=dialog]');
  await axe(page);
  await menu.getByRole('radio', { name: t('common.theme.dark') }).check();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  for (const language of ['it', 'ru', 'es'] as const) {
    await menu.getByRole('combobox').selectOption(language);
    await expect(page.locator('html')).toHaveAttribute('lang', language);
    const other = words(language);
    await expect(page.getByRole('heading', { name: other('start.welcome.hello', { name: admin.name }) })).toBeVisible();
  }
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('lang', 'es');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await axe(page);
});

test('keys lead everywhere, and the sheet lists them', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  await afterSetup(page, service);
  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: t('common.keys.title') });
  await expect(sheet.getByText(t('common.keys.outbox'))).toBeVisible();
  await axe(page);
  await page.keyboard.press('Escape');
  await expect(sheet).toBeHidden();
  await page.keyboard.press('g');
  await page.keyboard.press('o');
  await expect(page).toHaveURL(/\/outbox$/);
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await expect(page).toHaveURL(/\/settings/);
  // The first stop of the Tab key leads past the navigation.
  await page.goto(service.url + '/welcome');
  const skip = page.getByRole('link', { name: t('common.skip') });
  await expect(skip).toBeAttached();
  await page.keyboard.press('Tab');
  await expect(skip).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('#content')).toBeFocused();
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });

  test('the bar leads to mail, search, a new mail and everything else', async ({ page, stage }) => {
    const service = await stage.service({ admin: true });
    const box = await stage.mailbox({ mails: 2 });
    await signIn(page, service);
    const account = await connect(page, service, box, { wait: 2 });
    await page.goto(service.url + '/welcome');
    const bar = page.getByRole('navigation', { name: t('common.nav.label') });
    await expect(bar.getByRole('link', { name: /^Mail, \d unread$/ })).toBeVisible();
    for (const target of await bar.getByRole('listitem').all()) {
      const size = (await target.locator('a, button').boundingBox())!;
      expect(Math.min(size.width, size.height)).toBeGreaterThanOrEqual(44);
    }
    await bar.getByRole('button', { name: t('common.nav.more') }).click();
    const more = page.getByRole('dialog', { name: t('common.nav.more') });
    await expect(more.getByRole('link', { name: box.address })).toHaveAttribute('href', `/mail/${account}`);
    await axe(page, 'more');
    await more.getByRole('link', { name: t('common.nav.outbox') }).click();
    await expect(page).toHaveURL(/\/outbox$/);
    await expect(more).toBeHidden();
    await bar.getByRole('button', { name: t('common.nav.search') }).click();
    await expect(page).toHaveURL(/\/mail/);
    await expect(page.getByRole('searchbox')).toBeFocused();
    await bar.getByRole('button', { name: t('common.nav.compose') }).click();
    await expect(page.getByRole('textbox', { name: t('compose.text.label') })).toBeVisible();
  });
});

/** Stands for the notices of the system, which a browser without a screen does not show. */
function recordNotices() {
  class Recorded {
    static permission = 'granted';
    static shown: string[] = [];
    onclick?: () => void;
    constructor(title: string, options: { body?: string }) {
      Recorded.shown.push(`${title}: ${options.body}`);
      Object.assign(window, { lastNotice: this });
    }
    close() {}
  }
  Object.assign(window, { Notification: Recorded, notices: Recorded.shown });
}

const noticesOf = (page: Page) => page.evaluate(() => (window as unknown as { notices: string[] }).notices);

test('new mail is told once for all tabs, and not while somebody reads mail', async ({ page, stage, context }) => {
  await context.addInitScript(recordNotices);
  await context.addInitScript(() => {
    // The frame of a mail has no storage.
    if (origin !== 'null') localStorage.setItem('mailstead.preferences', JSON.stringify({ notices: true }));
  });
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox({ mails: 1 });
  await signIn(page, service);
  const account = await connect(page, service, box, { wait: 1 });
  await page.goto(service.url + '/welcome');
  const other = await context.newPage();
  await other.goto(service.url + '/welcome');
  for (const tab of [page, other])
    await expect(tab.getByRole('link', { name: t('common.nav.mail_unread', { count: 1 }) })).toBeVisible();

  await stage.deliver(box, { from: 'ben@example.org', subject: 'A table for four', text: 'By Friday, please.' });
  for (const tab of [page, other])
    await expect(tab.getByRole('link', { name: t('common.nav.mail_unread', { count: 2 }) })).toBeVisible();
  await expect
    .poll(async () => [...(await noticesOf(page)), ...(await noticesOf(other))])
    .toEqual(['ben@example.org: A table for four']);
  await expect(page).toHaveTitle(/^\(2\) /);

  // A press on it opens the mail.
  const teller = (await noticesOf(page)).length ? page : other;
  await teller.evaluate(() => (window as unknown as { lastNotice: { onclick(): void } }).lastNotice.onclick());
  await expect(teller).toHaveURL(new RegExp(`/mail/${account}/\\d+/\\d+$`));
  await expect(teller.getByRole('heading', { name: 'A table for four' }).first()).toBeVisible();

  await stage.deliver(box, { from: 'ben@example.org', subject: 'Or for six', text: 'By Monday.' });
  await expect(teller.getByText('Or for six').first()).toBeVisible({ timeout: 30_000 });
  const reader = teller === page ? other : page;
  await expect(reader.getByRole('link', { name: t('common.nav.mail_unread', { count: 2 }) })).toBeVisible();
  expect([...(await noticesOf(page)), ...(await noticesOf(other))]).toEqual(['ben@example.org: A table for four']);
});
