import type { Page } from '@playwright/test';
import { admin, axe, connect, expect, signIn, test, type Service } from './fixtures.ts';
import { words } from './words.ts';

const t = words('en');

async function api<T>(page: Page, service: Service, path: string): Promise<T> {
  return (await (await page.request.get(`${service.url}/api/v1${path}`)).json()) as T;
}

/** told is the notice in passing that says this. */
const told = (page: Page, key: string, values = {}) =>
  page.getByRole('region', { name: t('ui.toasts') }).getByText(t(key, values));
const item = (page: Page, text: string) => page.getByRole('main').getByRole('listitem').filter({ hasText: text });
const button = (page: Page, key: string, values = {}) =>
  page.getByRole('button', { name: t(key, values), exact: true });

test('what is long in coming shows that it loads', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  await signIn(page, service);
  const busy = page.locator('[aria-busy=true]').first();
  // A page, and a section of a page.
  for (const [path, script, title] of [
    ['/welcome', /assets\/welcome-.*\.js$/, t('start.welcome.hello', { name: admin.name })],
    ['/settings/about', /assets\/about-.*\.js$/, t('settings.about')],
  ] as const) {
    let release: (() => void) | undefined;
    await page.route(script, async (route) => {
      await new Promise<void>((done) => (release = done));
      await route.continue();
    });
    await page.goto(service.url + path, { waitUntil: 'commit' });
    await expect.poll(() => release, { message: path }).toBeDefined();
    await expect(busy, path).toBeVisible();
    release!();
    await expect(page.getByRole('heading', { name: title })).toBeVisible();
    await expect(busy).toHaveCount(0);
  }
});

test('an account is tested, named, given a signature and made the default', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox({ mails: 3 });
  await signIn(page, service);
  const id = await connect(page, service, box, { wait: 3 });

  await page.goto(service.url + '/settings/accounts');
  const row = item(page, box.address);
  await expect(row.getByText(t('settings.state.ok'))).toHaveCount(2);
  await row.getByRole('button', { name: t('settings.test') }).click();
  await expect(page.getByText(t('ui.report.all_work'))).toBeAttached();
  await axe(page, 'the report of a test');
  await button(page, 'settings.test.close').click();

  await row.getByRole('link').first().click();
  await expect(page).toHaveURL(`${service.url}/settings/accounts/${id}`);
  await page.getByLabel(t('settings.account.display_name')).fill('Ada of Marsh & Sons');
  await page.getByLabel(t('settings.account.signature.text')).fill('Ada Marsh\nMarsh & Sons');
  await page.getByLabel(t('settings.period.which')).selectOption('days');
  await page.getByLabel(t('settings.period.days.number')).fill('45');

  // What was typed is still there after a look at something else.
  await page.getByRole('link', { name: t('settings.notifications') }).click();
  await expect(page.getByRole('heading', { name: t('settings.notifications') })).toBeVisible();
  await page.getByRole('link', { name: t('settings.accounts'), exact: true }).click();
  await expect(row.getByText(t('settings.unsaved'))).toBeVisible();
  await row.getByRole('link').first().click();
  await expect(page.getByLabel(t('settings.account.display_name'))).toHaveValue('Ada of Marsh & Sons');

  // What the service refuses is told at the field.
  await page.getByLabel(t('settings.period.days.number')).fill('many');
  await button(page, 'settings.save').click();
  await expect(page.getByText(t('errors.input.load_period.cause'))).toBeVisible();
  await page.getByLabel(t('settings.period.days.number')).fill('45');
  await button(page, 'settings.save').click();
  await expect(told(page, 'settings.saved')).toBeVisible();
  await expect(page.getByText(t('settings.unsaved'))).toHaveCount(0);
  const stored = await api<Record<string, unknown>>(page, service, `/accounts/${id}`);
  expect(stored).toMatchObject({
    display_name: 'Ada of Marsh & Sons',
    signature: 'Ada Marsh\nMarsh & Sons',
    load_period: 'days:45',
  });

  await button(page, 'settings.prefer').click();
  await expect(page.getByText(t('settings.prefer.is'))).toBeVisible();
  await button(page, 'settings.undo').click();
  await expect(button(page, 'settings.prefer')).toBeVisible();
  await axe(page);
});

test('a new password must work before it replaces the old one', async ({ page, stage, witness }) => {
  test.slow(); // a mail server answers a wrong password late
  witness.allow(/422|502/);
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox();
  await signIn(page, service);
  const id = await connect(page, service, box);
  await page.goto(`${service.url}/settings/accounts/${id}`);

  const field = page.getByLabel(t('settings.account.password.new'), { exact: true });
  await field.fill('not the password');
  await button(page, 'settings.account.password.save').click();
  await expect(page.getByText(t('errors.auth.bad_credentials.cause')).first()).toBeVisible();
  await expect(field).toHaveValue('not the password');
  await axe(page, 'a refused password');
  await field.fill(box.password);
  await button(page, 'settings.account.password.save').click();
  await expect(told(page, 'settings.account.password.saved', { address: box.address })).toBeVisible();
  await expect(field).toHaveValue('');
});

test('a server that changes asks for its password again', async ({ page, stage, witness }) => {
  witness.allow(/422|502/);
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox();
  await signIn(page, service);
  const id = await connect(page, service, box, { servers: true });
  await page.goto(`${service.url}/settings/accounts/${id}`);

  const change = button(page, 'settings.server.change').first();
  await change.click();
  const form = page.locator('form').filter({ has: page.getByLabel(t('settings.port')) });
  await expect(form.getByLabel(t('settings.server'), { exact: true })).toBeFocused();
  await expect(form.getByLabel(t('settings.password'), { exact: true })).toHaveCount(0);
  // Escape gives the focus back to where it came from.
  await page.keyboard.press('Escape');
  await expect(change).toBeFocused();
  await change.click();
  // What is typed as an address goes into the fields that it fills.
  const server = form.getByLabel(t('settings.server'), { exact: true });
  await server.fill('imaps://mail.example.com:1993');
  await page.keyboard.press('Tab');
  await expect(server).toHaveValue('mail.example.com');
  await expect(form.getByLabel(t('settings.port'))).toHaveValue('1993');
  await expect(form.getByLabel(t('settings.security'))).toHaveValue('tls');
  await server.fill(service.incoming.host);
  await form.getByLabel(t('settings.security')).selectOption('automatic');
  await expect(form.getByLabel(t('settings.password'), { exact: true })).toBeVisible();
  await form.getByLabel(t('settings.port')).fill(String(service.incoming.port));
  await form.getByRole('button', { name: t('settings.server.save') }).click();
  await expect(form.getByText(t('errors.input.password_needed.cause'))).toBeVisible();
  await form.getByLabel(t('settings.password'), { exact: true }).fill(box.password);
  await form.getByRole('button', { name: t('settings.server.save') }).click();
  await expect(told(page, 'settings.server.saved')).toBeVisible();
});

test('a direction is switched off, and back by undo', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox();
  await signIn(page, service);
  const id = await connect(page, service, box);
  await page.goto(`${service.url}/settings/accounts/${id}`);
  const enabled = async () =>
    (await api<{ incoming: { enabled: boolean } }>(page, service, `/accounts/${id}`)).incoming.enabled;

  await page.getByRole('switch', { name: t('settings.side.incoming.switch') }).click();
  await expect(told(page, 'settings.side.incoming.off', { address: box.address })).toBeVisible();
  await expect(page.getByText(t('settings.state.off'))).toBeVisible();
  expect(await enabled()).toBe(false);
  await button(page, 'settings.undo').click();
  await expect(page.getByRole('switch', { name: t('settings.side.incoming.switch') })).toBeChecked();
  await expect.poll(enabled).toBe(true);
});

test('name and password of one’s own', async ({ page, stage, witness }) => {
  witness.allow(/403/);
  const service = await stage.service({ admin: true });
  await signIn(page, service);
  await page.goto(service.url + '/settings/profile');
  await page.getByLabel(t('settings.profile.name')).fill('Ada M.');
  await button(page, 'settings.save').click();
  await expect(told(page, 'settings.saved')).toBeVisible();

  await page.getByLabel(t('settings.own_password.current')).fill('a guess of mine');
  await page.getByLabel(t('settings.own_password.new')).fill('another long password');
  await button(page, 'settings.own_password.save').click();
  await expect(page.getByText(t('errors.password.wrong.cause'))).toBeVisible();
  await page.getByLabel(t('settings.own_password.current')).fill(admin.password);
  await button(page, 'settings.own_password.save').click();
  await expect(told(page, 'settings.own_password.saved')).toBeVisible();
  // The session that changed it goes on, with the new password.
  await page.reload();
  await expect(page.getByLabel(t('settings.profile.name'))).toHaveValue('Ada M.');
  await signIn(page, service, { ...admin, password: 'another long password' });
  await axe(page);
});

test('language and theme hold at once and after a reload', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  await signIn(page, service);
  await page.goto(service.url + '/settings/appearance');
  await page.getByText(t('settings.theme.dark'), { exact: true }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  for (const language of ['it', 'ru', 'es'] as const) {
    const there = words(language);
    await page.getByRole('main').getByRole('combobox').selectOption(language);
    await expect(page.locator('h1')).toHaveText(there('settings.appearance'));
    await expect(page.locator('html')).toHaveAttribute('lang', language);
  }
  await axe(page, 'settings, dark');
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page.locator('h1')).toHaveText(words('es')('settings.appearance'));
});

test('a token is shown once, works, and is revoked', async ({ page, stage, playwright }) => {
  const service = await stage.service({ admin: true });
  await signIn(page, service);
  await page.goto(service.url + '/settings/tokens');
  await button(page, 'settings.tokens.new').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(t('settings.tokens.name')).fill('Nightly export');
  await dialog.getByLabel(t('settings.scope.mail_read'), { exact: true }).check();
  await axe(page, 'a new token');
  await dialog.getByRole('button', { name: t('settings.tokens.make'), exact: true }).click();
  const token = await dialog.getByTestId('token').innerText();
  expect(token).toMatch(/^mst_/);
  const program = await playwright.request.newContext({ extraHTTPHeaders: { Authorization: `Bearer ${token}` } });
  const works = async () => (await program.get(service.url + '/api/v1/session')).status();
  expect(await works()).toBe(200);
  await dialog.getByRole('button', { name: t('settings.tokens.done') }).click();

  const row = item(page, 'Nightly export');
  await row.getByRole('button').click();
  await expect(row).toHaveCount(0);
  await button(page, 'settings.undo').click();
  await expect(row).toBeVisible();
  expect(await works()).toBe(200);
  // Who leaves without a second thought means it.
  await row.getByRole('button').click();
  await page.getByRole('button', { name: t('ui.close') }).click();
  await expect(page.getByText(t('settings.tokens.empty'))).toBeVisible();
  await expect.poll(works).toBe(401);
  await program.dispose();
});

test('what somebody else changed meanwhile is never overwritten unseen', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  await signIn(page, service);
  const id = await connect(page, service, await stage.mailbox());
  const elsewhere = async (data: object) => {
    const res = await page.request.patch(`${service.url}/api/v1/accounts/${id}`, { data });
    expect(res.status(), await res.text()).toBe(200);
  };
  await page.goto(`${service.url}/settings/accounts/${id}`);
  const note = page.getByRole('textbox', { name: t('settings.account.note') });
  const name = page.getByRole('textbox', { name: t('settings.account.name') });

  // Another field is taken over, and both stand.
  await note.fill('Mine');
  await elsewhere({ name: 'Theirs' });
  await expect(name).toHaveValue('Theirs');
  await button(page, 'settings.save').click();
  await expect(told(page, 'settings.saved')).toBeVisible();
  expect(await api<object>(page, service, `/accounts/${id}`)).toMatchObject({ name: 'Theirs', note: 'Mine' });

  // The same field waits for a decision, also when the page does not hear of the change before it saves.
  await page.route('**/api/v1/events*', () => undefined);
  await page.reload();
  await note.fill('Mine again');
  await elsewhere({ note: 'Theirs' });
  await button(page, 'settings.save').click();
  const conflict = page.getByRole('group', { name: t('settings.account.note') });
  await expect(conflict).toContainText('Theirs');
  await expect(conflict).toContainText('Mine again');
  await axe(page);
  await button(page, 'settings.save').click();
  expect(await api<object>(page, service, `/accounts/${id}`)).toMatchObject({ note: 'Theirs' });
  await conflict.getByRole('button', { name: t('settings.conflict.keep') }).click();
  await expect(conflict).toHaveCount(0);
  await button(page, 'settings.save').click();
  await expect.poll(() => api<object>(page, service, `/accounts/${id}`)).toMatchObject({ note: 'Mine again' });

  await note.fill('Mine at last');
  await elsewhere({ note: 'Theirs at last' });
  await button(page, 'settings.save').click();
  await conflict.getByRole('button', { name: t('settings.conflict.take') }).click();
  await expect(note).toHaveValue('Theirs at last');
  await expect(button(page, 'settings.save')).toHaveCount(0);
});
