import { expect } from '@playwright/test';
import { ada, answers, at, folder, idOf, json, message, type Stand, type Place, type Listed } from './places/stand.ts';
import { administration, template } from './places/administration.ts';
import { discovery } from './places/discovery.ts';
import { notices } from './places/notices.ts';
import { services } from './places/services.ts';

export { ada, settle, type Place, type Stand } from './places/stand.ts';

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
    name: 'settings-account-sender-health',
    leaves: true,
    async open(s) {
      const finding = (part: string, state: string, code: string, records: object[] = []) => ({
        part,
        state,
        code,
        text: '',
        records,
      });
      const spf = {
        name: 'example.com',
        type: 'TXT',
        value: 'v=spf1 include:_spf.google.com include:mail.example.net ~all',
        replaces: ['v=spf1 include:mail.example.net ~all'],
      };
      const dmarc = {
        name: '_dmarc.example.com',
        type: 'TXT',
        value: 'v=DMARC1; p=none; rua=mailto:postmaster@example.com',
      };
      await s.page.route('**/sender-health', (route) =>
        route.fulfill({
          json: {
            domain: 'example.com',
            findings: [
              finding('mx', 'ok', 'mx.ok'),
              finding('spf', 'advice', 'spf.service_missing', [spf]),
              finding('dkim', 'unknown', 'dkim.no_mail'),
              finding('dmarc', 'advice', 'dmarc.missing', [dmarc]),
            ],
          },
        }),
      );
      await s.page.goto(`${s.demo}/settings/accounts/${await idOf(s.page, s.demo, 'sales@demo.example')}`);
      await s.page.getByRole('button', { name: s.t('sender.look') }).click();
      await s.page.getByRole('heading', { name: s.t('sender.part.dmarc') }).scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'settings-disconnect',
    open: async (s) => {
      await s.page.goto(`${s.demo}/settings/accounts/${await idOf(s.page, s.demo, 'sales@demo.example')}`);
      await s.page.getByRole('button', { name: s.t('settings.remove.open') }).click();
      await s.page.getByRole('dialog').getByText(s.t('settings.disconnect.messages')).waitFor();
    },
  },
  ...notices,
  ...discovery,
  ...services,
  ...administration,
];
