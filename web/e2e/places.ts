import { expect, type Page } from '@playwright/test';
import type { words } from './words.ts';

/** Where a place is shown: a demo with its administrator signed in, and a service that nobody has set up. */
export interface Stand {
  page: Page;
  demo: string;
  fresh: string;
  t: ReturnType<typeof words>;
}

export interface Place {
  name: string;
  /** Nobody is signed in. */
  out?: boolean;
  /** It leaves something behind in the browser that other places would show. */
  leaves?: boolean;
  open(stand: Stand): Promise<void>;
}

/** A table of accounts, with all that can be wrong in one. */
const sampleTable = new URL('../../importer/testdata/accounts.csv', import.meta.url).pathname;

/** The people and mailboxes of the demo. */
export const ada = { name: 'Ada', email: 'ada@demo.example', password: 'demo-password' };

const json = async <T>(page: Page, url: string) => (await (await page.request.get(url)).json()) as T;

interface Listed {
  items: { id: number; address: string; role: string; subject: string; state: string }[];
}

async function idOf(page: Page, demo: string, address: string): Promise<number> {
  const { items } = await json<Listed>(page, demo + '/api/v1/accounts?all=true');
  return items.find((a) => a.address === address)!.id;
}

/** folder is the address of a folder of one of the demo's accounts. */
async function folder(page: Page, demo: string, address: string, role: string): Promise<{ url: string; api: string }> {
  const account = await idOf(page, demo, address);
  const { items } = await json<Listed>(page, `${demo}/api/v1/accounts/${account}/folders`);
  const id = items.find((f) => f.role === role)!.id;
  return {
    url: `${demo}/mail/${account}/${id}`,
    api: `${demo}/api/v1/accounts/${account}/messages?folder=${id}&limit=100`,
  };
}

/** message opens the first message of a folder that fits. */
async function message(
  { page, demo }: Stand,
  address: string,
  fits: (m: Record<string, unknown>) => boolean,
): Promise<void> {
  const { url, api } = await folder(page, demo, address, 'inbox');
  const { items } = await json<{ items: Record<string, unknown>[] }>(page, api);
  const m = items.find(fits);
  if (!m) throw new Error(`no such message in ${url}`);
  await page.goto(`${url}/${m.id as number}`);
  await page
    .getByRole('heading', { level: 1 })
    .or(page.getByRole('heading', { level: 2 }))
    .first()
    .waitFor();
}

const at =
  (path: string) =>
  async ({ page, demo }: Stand) => {
    await page.goto(demo + path);
  };

/** wizard goes through the connect wizard to the password. */
async function wizard({ page, demo, t }: Stand, address: string): Promise<void> {
  await page.goto(demo + '/connect');
  await page.getByLabel(t('connect.address.label')).fill(address);
  await page.getByRole('button', { name: t('connect.next') }).click();
}

async function failing(stand: Stand, address: string): Promise<void> {
  await wizard(stand, address);
  await stand.page.locator('input[type=password][name=password]').fill('demo-password');
  await stand.page.getByRole('button', { name: stand.t('connect.test') }).click();
  await expect(stand.page.getByRole('button', { name: stand.t('connect.stop') })).toBeHidden({ timeout: 40_000 });
}

/** answers makes requests of the API end in a way that pages have to show. */
async function answers(page: Page, pattern: string, how: 'never' | 'error' | 'empty'): Promise<void> {
  await page.route(pattern, async (route) => {
    if (how === 'never') return;
    if (how === 'empty') return route.fulfill({ json: { items: [] } });
    return route.fulfill({
      status: 500,
      contentType: 'application/problem+json',
      json: {
        status: 500,
        code: 'internal',
        title: 'Internal error',
        detail: 'The service has met a defect.',
        request_id: '0123456789abcdef',
      },
    });
  });
}

/** record makes a request with a mail on it, and returns its address in the API. */
async function record({ page, demo }: Stand): Promise<{ id: number; mail: number }> {
  const api = demo + '/api/v1';
  const made = await page.request.put(api + '/record-types/request/records/R-1001', {
    data: { name: 'Broken heating in the hall', url: 'https://crm.example.com/requests/R-1001' },
  });
  const { id } = (await made.json()) as { id: number };
  const inbox = await folder(page, demo, 'support@demo.example', 'inbox');
  const { items } = await json<{ items: { id: number; has_attachments?: boolean }[] }>(page, inbox.api);
  const link = await page.request.post(`${api}/messages/${items.find((m) => m.has_attachments)!.id}/links`, {
    data: { record_id: id },
  });
  return { id, mail: ((await link.json()) as { mail_id: number }).mail_id };
}

const outgoing =
  (state: string) =>
  async ({ page, demo }: Stand) => {
    const { items } = await json<Listed>(page, demo + '/api/v1/outbox');
    const mail = items.find((m) => m.state === state) ?? items[0]!;
    await page.goto(`${demo}/outbox/${mail.id}`);
  };

/** ownProvider makes a provider of the house, once, and returns its page. */
async function ownProvider({ page, demo }: Stand): Promise<string> {
  const server = { host: 'mail.house.example', security: 'tls' };
  await page.request.post(demo + '/api/v1/providers', {
    data: {
      name: 'House mail',
      notes: 'The password is that of the intranet. Ask the help desk for a mailbox.',
      app_password_url: 'https://house.example/passwords',
      domains: ['house.example', 'house-group.example'],
      incoming: [{ ...server, protocol: 'imap', port: 993 }],
      outgoing: [{ ...server, protocol: 'smtp', port: 465 }],
    },
  });
  return '/admin/providers/own-house-mail';
}

/** template makes a template that sends from an account of the demo, once, and returns its page. */
async function template({ page, demo }: Stand): Promise<string> {
  await page.request.post(demo + '/api/v1/templates', {
    data: {
      name: 'Invoice',
      module: 'invoices',
      default: true,
      account_id: await idOf(page, demo, 'support@demo.example'),
      subject: 'Your invoice',
      text: 'Dear customer,\n\nplease find the invoice enclosed.\n\nKind regards',
    },
  });
  const { items } = await json<Listed>(page, demo + '/api/v1/templates?all=true');
  return `/admin/templates/${items[0]!.id}`;
}

/** templates are rows of the list of templates. */
const templates = (rows: number) =>
  Array.from({ length: rows }, (_, i) => ({
    id: i + 1,
    name: ['Invoice', 'Reminder of an invoice that is due', 'Offer'][i % 3] + (i < 3 ? '' : ` ${i}`),
    module: ['invoices', 'invoices', 'offers'][i % 3],
    active: i % 5 !== 4,
    default: i === 0 || i === 2,
    account_id: i % 2 ? undefined : 1,
    subject: ['Your invoice', 'Is this invoice paid?', ''][i % 3],
    created_at: '2026-11-22T09:00:00Z',
    updated_at: '2026-11-22T09:00:00Z',
  }));

/** domains are rows of the table of domains in every state. */
const domains = (rows: number) =>
  Array.from({ length: rows }, (_, i) => ({
    name: i % 7 === 6 ? `a-rather-long-name-of-a-department-${i}.subsidiary.group.example` : `firm-${i}.example`,
    provider_id: ['gmail', 'aruba', 'ovh'][i % 3],
    source: i % 4 === 3 ? 'administrator' : 'learned',
    ...(i % 4 === 0 ? { state: 'pending' } : i % 4 === 2 ? { state: 'rejected' } : {}),
    ...(i % 4 === 3 ? {} : { learned_by: 2, learned_name: 'Anna Rossi', learned_at: '2026-11-20T09:00:00Z' }),
    accounts: i % 5,
  }));

/** testMail shows the way of a test mail in one of its ends. */
async function testMail(s: Stand, how: 'arrived' | 'junk' | 'missing' | 'held' | 'rejected'): Promise<void> {
  const id = await idOf(s.page, s.demo, 'sales@demo.example');
  const refused = how === 'held' || how === 'rejected';
  const arrival = {
    account_id: id,
    state: how === 'missing' ? 'missing' : 'arrived',
    arrived_at: '2026-11-20T09:00:01.840Z',
    folder: how === 'junk' ? 'junk' : 'inbox',
    message_id: 1,
  };
  await s.page.route('**/api/v1/accounts/*/test-mail', (route) =>
    route.fulfill({
      status: 202,
      json: {
        id: 1,
        account_id: id,
        from: 'sales@demo.example',
        subject: 'Test mail',
        internet_message_id: 'x@demo.example',
        size: 500,
        attempts: 1,
        state: refused ? how : 'accepted',
        created_at: '2026-11-20T09:00:00.000Z',
        accepted_at: refused ? undefined : '2026-11-20T09:00:00.312Z',
        reply:
          how === 'rejected' ? '550 5.1.1 User unknown' : how === 'held' ? undefined : '250 2.0.0 Ok: queued as 4C1F2A',
        code: how === 'rejected' ? 'deliver.no_such_recipient' : how === 'held' ? 'auth.bad_credentials' : undefined,
        text: refused ? 'The server does not take it.' : undefined,
        recipients: [{ address: 'sales@demo.example', state: refused ? how : 'accepted' }],
        reason: { level: 'chosen', address: 'sales@demo.example', reason: '', account_id: id, held: how === 'held' },
        arrival: refused ? undefined : arrival,
      },
    }),
  );
  await s.page.goto(`${s.demo}/settings/accounts/${id}`);
  await s.page.getByRole('button', { name: s.t('notice.mail'), exact: true }).click();
  await s.page.getByRole('button', { name: s.t('notice.mail.send'), exact: true }).click();
  await s.page.locator('[data-step=accepted]').waitFor();
}

/** reportProblem opens the report with some words in it; view changes what the service makes of it. */
async function reportProblem(s: Stand, view?: { receivers: number; refusal: string }): Promise<void> {
  if (view)
    await s.page.route('**/api/v1/problem-reports/preview', (route) =>
      route.fulfill({ json: { subject: 'Mailstead, a problem: The list', text: 'The list stays empty.', ...view } }),
    );
  await s.page.goto(s.demo + '/welcome');
  const user = s.page.getByRole('button', { name: s.t('common.user.label', { name: '' }) });
  await user
    .or(s.page.getByRole('button', { name: s.t('common.nav.more'), exact: true }))
    .first()
    .click();
  await s.page.getByRole('button', { name: s.t('notice.report.title') }).click();
  await s.page.getByLabel(s.t('notice.report.what')).fill('The list of mails stays empty since this morning.');
  await s.page.locator('[data-report]').waitFor();
}

/** noticed shows what people are told of accounts that stopped, or work again. */
async function noticed({ page, demo }: Stand, count: number, kind: 'stopped' | 'works'): Promise<void> {
  const items = Array.from({ length: count }, (_, i) => ({
    id: i + 1,
    user_id: 1,
    kind,
    account_id: 900 + i,
    name: `Box ${i + 1}`,
    address: `box-${i + 1}@firm.example`,
    ...(kind === 'stopped' ? { state: 'trouble', code: 'auth.bad_credentials' } : { until: '2026-11-20T11:30:00Z' }),
    since: '2026-11-20T09:00:00Z',
    created_at: '2026-11-20T09:00:00Z',
  }));
  await page.route('**/api/v1/notices', (route) => route.fulfill({ json: { items } }));
  await page.goto(demo + '/outbox');
}

/** places are all pages of the product in their states. */
export const places: Place[] = [
  {
    name: 'password-link',
    out: true,
    open: async ({ page, demo }) => {
      const base = demo + '/api/v1';
      await page.request.post(base + '/session', { data: { email: ada.email, password: ada.password } });
      const account = await idOf(page, demo, 'support@demo.example');
      const res = await page.request.post(`${base}/accounts/${account}/password-links`, { data: {} });
      const { token } = (await res.json()) as { token: string };
      await page.request.delete(base + '/session');
      await page.goto(`${demo}/password-link#token=${token}`);
    },
  },
  {
    name: 'password-link-gone',
    out: true,
    open: async ({ page, demo }) => void (await page.goto(demo + '/password-link#token=msp_gone')),
  },
  { name: 'setup', out: true, open: async ({ page, fresh }) => void (await page.goto(fresh + '/setup')) },
  {
    name: 'setup-link',
    out: true,
    open: async ({ page, fresh }) => void (await page.goto(fresh + '/setup#token=setup_example')),
  },
  {
    name: 'setup-mistakes',
    out: true,
    open: async ({ page, fresh, t }) => {
      await page.goto(fresh + '/setup');
      await page.getByRole('button', { name: t('start.setup.submit') }).click();
    },
  },
  { name: 'sign-in', out: true, open: at('/sign-in') },
  {
    name: 'sign-in-mistakes',
    out: true,
    open: async ({ page, demo, t }) => {
      await page.goto(demo + '/sign-in');
      await page.getByRole('button', { name: t('start.sign_in.submit') }).click();
    },
  },
  { name: 'welcome', open: at('/welcome') },
  { name: 'connect-address', open: at('/connect') },
  { name: 'connect-recognised', open: (s) => wizard(s, 'anna@demo.example') },
  { name: 'connect-app-password', open: (s) => wizard(s, 'somebody@gmail.com') },
  { name: 'connect-refused', open: (s) => wizard(s, 'somebody@outlook.com') },
  { name: 'connect-choose', open: (s) => wizard(s, 'anna@unknown.example') },
  {
    name: 'connect-servers',
    open: async (s) => {
      await wizard(s, 'anna@unknown.example');
      await s.page.getByRole('button', { name: s.t('connect.choose.by_hand') }).click();
      await s.page.getByRole('textbox', { name: s.t('connect.server.incoming') }).fill('mail.unknown.example:993');
    },
  },
  { name: 'connect-works', open: (s) => failing(s, 'anna@demo.example') },
  { name: 'connect-wrong-password', open: (s) => failing(s, 'wrong-password@demo.example') },
  { name: 'connect-untrusted', open: (s) => failing(s, 'anna@untrusted.demo.example') },
  { name: 'connect-offline', open: (s) => failing(s, 'anna@offline.demo.example') },
  {
    name: 'mail',
    open: async (s) => void (await s.page.goto((await folder(s.page, s.demo, 'sales@demo.example', 'inbox')).url)),
  },
  {
    name: 'mail-folders',
    open: async (s) => void (await s.page.goto(`${s.demo}/mail/${await idOf(s.page, s.demo, 'support@demo.example')}`)),
  },
  {
    name: 'mail-message',
    open: (s) => message(s, 'sales@demo.example', (m) => !m.has_attachments && m.subject !== ''),
  },
  { name: 'mail-attachments', open: (s) => message(s, 'support@demo.example', (m) => m.has_attachments === true) },
  { name: 'mail-quarantined', open: (s) => message(s, 'support@demo.example', (m) => m.state === 'quarantined') },
  {
    name: 'mail-no-subject',
    open: (s) => message(s, 'support@demo.example', (m) => m.subject === '' && m.state !== 'quarantined'),
  },
  {
    name: 'mail-search',
    open: async (s) =>
      void (await s.page.goto((await folder(s.page, s.demo, 'sales@demo.example', 'inbox')).url + '?q=order')),
  },
  {
    name: 'mail-nothing-found',
    open: async (s) =>
      void (await s.page.goto((await folder(s.page, s.demo, 'sales@demo.example', 'inbox')).url + '?q=zzzzzz')),
  },
  {
    name: 'mail-empty-folder',
    open: async ({ page, demo }) => {
      const account = await idOf(page, demo, 'sales@demo.example');
      const { items } = await json<{ items: { id: number; total: number }[] }>(
        page,
        `${demo}/api/v1/accounts/${account}/folders`,
      );
      const empty = items.find((f) => f.total === 0);
      if (!empty) throw new Error('every folder holds mail');
      await page.goto(`${demo}/mail/${account}/${empty.id}`);
    },
  },
  {
    name: 'mail-selected',
    open: async (s) => {
      await s.page.goto((await folder(s.page, s.demo, 'sales@demo.example', 'inbox')).url);
      await s.page.locator('[data-message]').first().waitFor();
      for (const key of ['j', 'x', 'j', 'x']) await s.page.keyboard.press(key);
    },
  },
  {
    name: 'mail-loading',
    open: async (s) => {
      const { url } = await folder(s.page, s.demo, 'sales@demo.example', 'inbox');
      await answers(s.page, '**/api/v1/accounts/*/messages?*', 'never');
      await s.page.goto(url);
    },
  },
  {
    name: 'mail-error',
    open: async (s) => {
      const { url } = await folder(s.page, s.demo, 'sales@demo.example', 'inbox');
      await answers(s.page, '**/api/v1/accounts/*/messages?*', 'error');
      await s.page.goto(url);
    },
  },
  {
    name: 'mail-no-account',
    open: async (s) => {
      await answers(s.page, '**/api/v1/accounts?*', 'empty');
      await answers(s.page, '**/api/v1/accounts', 'empty');
      await s.page.goto(s.demo + '/mail');
    },
  },
  {
    name: 'offline',
    open: async (s) => {
      const { url } = await folder(s.page, s.demo, 'sales@demo.example', 'inbox');
      await s.page.route('**/api/v1/events*', (route) => route.abort());
      await s.page.goto(url);
      await s.page.getByText(s.t('common.offline')).waitFor();
    },
  },
  {
    name: 'session-ended',
    open: async (s) => {
      const { url } = await folder(s.page, s.demo, 'sales@demo.example', 'inbox');
      await s.page.goto(url);
      await s.page.locator('[data-message]').first().waitFor();
      await s.page.route('**/api/v1/messages/**', (route) =>
        route.fulfill({
          status: 401,
          contentType: 'application/problem+json',
          json: { status: 401, code: 'auth.session', title: 'Unauthorized' },
        }),
      );
      await s.page.locator('[data-message]').first().click();
      await s.page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'records',
    open: async (s) => {
      await record(s);
      await s.page.goto(s.demo + '/records');
    },
  },
  { name: 'record', open: async (s) => void (await s.page.goto(`${s.demo}/records/${(await record(s)).id}`)) },
  {
    name: 'record-mail',
    open: async (s) => {
      const { id, mail } = await record(s);
      await s.page.goto(`${s.demo}/records/${id}/${mail}`);
    },
  },
  {
    name: 'record-link',
    open: async (s) => {
      await record(s);
      await message(s, 'support@demo.example', (m) => m.has_attachments === true);
      await s.page.getByRole('region', { name: s.t('records.of_message') }).waitFor();
      await s.page.keyboard.press('l');
      await s.page.getByRole('searchbox', { name: s.t('records.search') }).fill('heat');
    },
  },
  {
    name: 'records-empty',
    open: async (s) => {
      await answers(s.page, '**/api/v1/records?*', 'empty');
      await s.page.goto(s.demo + '/records');
    },
  },
  {
    name: 'records-loading',
    open: async (s) => {
      await answers(s.page, '**/api/v1/records?*', 'never');
      await s.page.goto(s.demo + '/records');
    },
  },
  {
    name: 'records-error',
    open: async (s) => {
      await answers(s.page, '**/api/v1/records?*', 'error');
      await s.page.goto(s.demo + '/records');
    },
  },
  {
    name: 'admin-record-types-empty',
    open: async (s) => {
      await answers(s.page, '**/api/v1/record-types', 'empty');
      await s.page.goto(s.demo + '/admin/record-types');
    },
  },
  {
    name: 'compose',
    open: async (s) => {
      await s.page.goto(s.demo + '/outbox');
      await s.page.getByRole('heading').first().waitFor();
      await s.page.keyboard.press('c');
      await s.page.getByRole('textbox', { name: s.t('compose.text.label') }).waitFor();
    },
  },
  {
    name: 'compose-template',
    leaves: true,
    open: async (s) => {
      await template(s);
      await s.page.goto(s.demo + '/outbox');
      await s.page.getByRole('heading').first().waitFor();
      await s.page.keyboard.press('c');
      const none = s.t('templates.compose.change', { name: s.t('templates.compose.nothing') });
      await s.page.getByRole('button', { name: none }).click();
      await s.page.getByRole('menuitemcheckbox').filter({ hasText: 'Invoice' }).first().click();
      await s.page.getByPlaceholder(s.t('compose.subject')).and(s.page.locator(':not(:placeholder-shown)')).waitFor();
    },
  },
  {
    name: 'compose-reply',
    open: async (s) => {
      await message(s, 'sales@demo.example', () => true);
      await s.page.getByRole('button', { name: s.t('mail.reply'), exact: true }).waitFor();
      await s.page.keyboard.press('r');
      await s.page.getByRole('textbox', { name: s.t('compose.text.label') }).waitFor();
    },
  },
  { name: 'outbox', open: at('/outbox') },
  { name: 'outbox-accepted', open: outgoing('accepted') },
  { name: 'outbox-rejected', open: outgoing('rejected') },
  { name: 'outbox-queued', open: outgoing('queued') },
  {
    name: 'outbox-empty',
    open: async (s) => {
      await answers(s.page, '**/api/v1/outbox?*', 'empty');
      await s.page.goto(s.demo + '/outbox');
    },
  },
  { name: 'settings', open: at('/settings') },
  ...['accounts', 'notifications', 'profile', 'appearance', 'tokens', 'about'].map((section) => ({
    name: 'settings-' + section,
    open: at('/settings/' + section),
  })),
  {
    name: 'settings-account',
    open: async (s) =>
      void (await s.page.goto(`${s.demo}/settings/accounts/${await idOf(s.page, s.demo, 'sales@demo.example')}`)),
  },
  {
    name: 'test-mail',
    open: async (s) => {
      await s.page.goto(`${s.demo}/settings/accounts/${await idOf(s.page, s.demo, 'sales@demo.example')}`);
      await s.page.getByRole('button', { name: s.t('notice.mail'), exact: true }).click();
    },
  },
  ...(['arrived', 'junk', 'missing', 'held', 'rejected'] as const).map((how) => ({
    name: 'test-mail-' + how,
    open: (s: Stand) => testMail(s, how),
  })),
  { name: 'report-problem', open: (s) => reportProblem(s) },
  {
    name: 'report-problem-no-account',
    open: (s) => reportProblem(s, { receivers: 2, refusal: 'system.no_account' }),
  },
  { name: 'notice-stopped', open: (s) => noticed(s, 1, 'stopped') },
  { name: 'notice-stopped-many', open: (s) => noticed(s, 3, 'stopped') },
  { name: 'notice-works', open: (s) => noticed(s, 1, 'works') },
  {
    name: 'settings-disconnect',
    open: async (s) => {
      await s.page.goto(`${s.demo}/settings/accounts/${await idOf(s.page, s.demo, 'sales@demo.example')}`);
      await s.page.getByRole('button', { name: s.t('settings.remove.open') }).click();
      await s.page.getByRole('dialog').getByText(s.t('settings.disconnect.messages')).waitFor();
    },
  },
  {
    name: 'admin-account-new',
    open: async (s) => {
      await s.page.goto(s.demo + '/admin/accounts');
      await s.page.getByRole('button', { name: s.t('admin.accounts.create') }).click();
    },
  },
  {
    name: 'admin-account-clone',
    open: async (s) =>
      void (await s.page.goto(`${s.demo}/admin/accounts?like=${await idOf(s.page, s.demo, 'sales@demo.example')}`)),
  },
  {
    name: 'admin-accounts-selected',
    open: async (s) => {
      await s.page.goto(s.demo + '/admin/accounts?sort=name');
      await s.page.getByRole('checkbox').nth(1).check();
      await s.page.getByText(s.t('admin.accounts.more_filters')).click();
      await s.page.getByRole('button', { name: s.t('admin.bulk.actions') }).click();
    },
  },
  { name: 'admin-accounts-deleted', open: at('/admin/accounts?deleted=1') },
  ...[
    'accounts',
    'import',
    'tests',
    'passwords',
    'templates',
    'senders',
    'users',
    'profiles',
    'record-types',
    'policies',
    'audit',
    'providers',
    'domains',
    'explain',
  ].map((section) => ({
    name: 'admin-' + section,
    open: at('/admin/' + section),
  })),
  { name: 'admin', open: at('/admin') },
  {
    name: 'admin-test',
    open: async (s) => {
      const res = await s.page.request.post(s.demo + '/api/v1/checkups', { data: { all: true } });
      await s.page.goto(`${s.demo}/admin/tests/${((await res.json()) as { id: number }).id}`);
      await s.page.getByRole('status').filter({ hasText: /\d/ }).first().waitFor();
    },
  },
  { name: 'admin-user', open: at('/admin/users/1') },
  {
    name: 'admin-profile',
    open: async ({ page, demo }) => {
      await page.request.post(demo + '/api/v1/profiles', { data: { name: 'Sales of the house' } });
      const { items } = await json<{ items: { id: number; name: string }[] }>(page, demo + '/api/v1/profiles');
      const { id } = items.find((p) => p.name === 'Sales of the house')!;
      const account_id = await idOf(page, demo, 'support@demo.example');
      const data = { account_id, profile_id: id, rights: ['read', 'send'], priority: 10 };
      await page.request.post(demo + '/api/v1/assignments', { data });
      await page.goto(`${demo}/admin/profiles/${id}`);
    },
  },
  { name: 'admin-profile-gone', open: at('/admin/profiles/9999') },
  { name: 'admin-provider', open: at('/admin/providers/aruba') },
  { name: 'admin-provider-own', open: async (s) => void (await s.page.goto(s.demo + (await ownProvider(s)))) },
  {
    name: 'admin-provider-edit',
    open: async (s) => void (await s.page.goto(`${s.demo}${await ownProvider(s)}?edit=1`)),
  },
  { name: 'admin-provider-new', open: at('/admin/providers/new') },
  { name: 'admin-provider-copy', open: at('/admin/providers/new?copy=gmail') },
  {
    name: 'admin-provider-in-use',
    open: async (s) => {
      await s.page.goto(s.demo + (await ownProvider(s)));
      await s.page.getByRole('button', { name: s.t('admin.providers.delete'), exact: true }).click();
      await s.page
        .getByRole('dialog')
        .getByRole('button', { name: s.t('admin.delete'), exact: true })
        .click();
      await s.page.getByText(s.t('errors.provider.in_use.cause')).waitFor();
    },
  },
  { name: 'admin-template', open: async (s) => void (await s.page.goto(s.demo + (await template(s)))) },
  { name: 'admin-template-new', open: at('/admin/templates/new') },
  ...[0, 3, 300].map((rows) => ({
    name: `admin-templates-${rows}`,
    open: async (s: Stand) => {
      await s.page.route('**/api/v1/templates?*', (route) => route.fulfill({ json: { items: templates(rows) } }));
      await s.page.goto(s.demo + '/admin/templates');
    },
  })),
  ...[3, 300].map((rows) => ({
    name: `admin-domains-${rows}`,
    open: async (s: Stand) => {
      await s.page.route('**/api/v1/domains?*', (route) => route.fulfill({ json: { items: domains(rows) } }));
      await s.page.goto(s.demo + '/admin/domains');
    },
  })),
  {
    name: 'admin-domains-empty',
    open: async (s) => {
      await answers(s.page, '**/api/v1/domains?*', 'empty');
      await s.page.goto(s.demo + '/admin/domains');
    },
  },
  {
    name: 'admin-providers-empty',
    open: async (s) => {
      await answers(s.page, '**/api/v1/providers?*', 'empty');
      await s.page.goto(s.demo + '/admin/providers');
    },
  },
  {
    name: 'admin-account',
    open: async (s) =>
      void (await s.page.goto(`${s.demo}/admin/accounts/${await idOf(s.page, s.demo, 'support@demo.example')}`)),
  },
  {
    name: 'admin-import-preview',
    open: async (s) => {
      await s.page.goto(s.demo + '/admin/import');
      await s.page.getByTestId('import-file').setInputFiles(sampleTable);
      await s.page.getByRole('table').waitFor();
    },
  },
  { name: 'missing', open: at('/no/such/page') },
  {
    name: 'keys',
    open: async (s) => {
      await s.page.goto(s.demo + '/outbox');
      await s.page.getByRole('heading').first().waitFor();
      await s.page.keyboard.press('?');
      await s.page.getByRole('dialog').waitFor();
    },
  },
  { name: 'design', out: true, open: at('/design') },
];

/** settle waits until a page has come to rest: what it asked for is there, fonts are loaded, nothing moves. */
export async function settle(page: Page): Promise<void> {
  await page.waitForLoadState('load');
  await page.evaluate(async () => {
    await document.fonts.ready;
    // Skeletons show after 300 ms; animations are short.
    const quiet = () =>
      document
        .getAnimations()
        .every((a) => a.playState !== 'running' || a.effect?.getComputedTiming().endTime === Infinity);
    for (let i = 0, still = 0; i < 40 && still < 5; i++) {
      await new Promise((done) => setTimeout(done, 100));
      const busy = document.querySelector('[aria-busy=true]') !== null;
      still = quiet() && !busy ? still + 1 : 0;
    }
  });
}
