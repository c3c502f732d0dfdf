import { answers, at, idOf, json, type Stand, type Place, type Listed } from './stand.ts';

/** A table of accounts, with all that can be wrong in one. */
const sampleTable = new URL('../../../importer/testdata/accounts.csv', import.meta.url).pathname;

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
export async function template({ page, demo }: Stand): Promise<string> {
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

/** The places of the administration. */
export const administration: Place[] = [
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
