import { at, json, type Place, type Stand } from './stand.ts';

interface Known {
  apps: object[];
  services: object[];
  redirect_url: string;
}

/** apps are registrations with services, in every state. */
const apps = (rows: number) =>
  Array.from({ length: rows }, (_, i) => {
    const [service, name] = (
      [
        ['microsoft', 'Microsoft'],
        ['google', 'Google'],
        ['custom', 'Mail of the whole group'],
      ] as const
    )[i % 3]!;
    return {
      id: i + 1,
      name: i < 3 ? name : `${name} ${i}`,
      service,
      kind: (['person', 'service_account', 'application'] as const)[i % 3]!,
      client_id: '6731de76-14a6-49ae-97bc-6eba6914391e',
      has_secret: true,
      token_url: 'https://login.microsoftonline.com/common/oauth2/v2.0/token',
      scopes: ['https://outlook.office.com/IMAP.AccessAsUser.All', 'offline_access'],
      provider_ids: ['outlook.com', 'microsoft365'],
      active: i % 3 !== 2,
      secret_expires: i % 3 === 0 ? '2026-12-01' : i % 3 === 1 ? '2028-10-31' : undefined,
      credential: i % 3 === 0 ? { method: 'oauth', expires_at: '2026-12-01T00:00:00Z', warn: true } : undefined,
      accounts: [12, 1, 0][i % 3]!,
      created_at: '2026-10-01T10:00:00Z',
      updated_at: '2026-10-01T10:00:00Z',
    };
  });

/** withApps lets the demo have registrations: stored ones would change what the wizard offers. */
async function withApps({ page, demo }: Stand, rows: number): Promise<void> {
  const { services } = await json<Known>(page, demo + '/api/v1/oauth-apps');
  const known: Known = { apps: apps(rows), services, redirect_url: 'https://mail.example.com/oauth/callback' };
  await page.route('**/api/v1/oauth-apps', (route) => route.fulfill({ json: known }));
  await page.route(/\/api\/v1\/oauth-apps\/\d+$/, (route) =>
    route.fulfill({ json: apps(rows)[Number(route.request().url().split('/').at(-1)) - 1], headers: { ETag: '"1"' } }),
  );
}

const trusted = (rows: number) =>
  Array.from({ length: rows }, (_, i) => ({
    id: i + 1,
    host: i % 3 === 2 ? `a-rather-long-name-of-a-server-${i}.subsidiary.group.example` : `mail${i}.example.com`,
    port: i % 2 ? 465 : 993,
    kind: i % 2 ? 'authority' : 'key',
    fingerprint: '5ab1'.repeat(16),
    subject: i % 2 ? 'CN=Authority of the house' : `CN=mail${i}.example.com`,
    reason: [
      'Our own server in the cellar',
      'The subsidiary has an authority of its own; Anna Rossi compared the fingerprint by telephone',
      'Test',
    ][i % 3],
    created_at: '2026-10-01T10:00:00Z',
  }));

const certificate = (subject: string, issuer: string, more: object = {}) => ({
  subject,
  issuer,
  not_before: '2025-01-01T00:00:00Z',
  not_after: '2027-01-01T00:00:00Z',
  sha256: subject.length.toString(16).repeat(32),
  key_sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  ...more,
});

const chain = [
  certificate('CN=mail.example.com,O=Example', 'CN=Authority of the house', {
    names: ['mail.example.com', 'imap.example.com', 'smtp.example.com'],
  }),
  certificate('CN=Authority of the house', 'CN=Authority of the house', {
    authority: true,
    pem: '-----BEGIN CERTIFICATE-----',
  }),
];

const servers = {
  incoming: { protocol: 'imap', host: 'imap.example.com', port: 993, security: 'tls' },
  outgoing: { protocol: 'smtp', host: 'smtp.example.com', port: 465, security: 'tls' },
};

type Side = keyof typeof servers;

const passed = (...stages: string[]) => stages.map((stage, i) => ({ stage, ok: true, ms: 12 + 31 * i }));

const untrusted = {
  stage: 'tls',
  ok: false,
  ms: 34,
  code: 'tls.untrusted',
  cause: 'The certificate of the server is not from an authority that is known here.',
  action: 'Look at the certificate, and compare its fingerprint with what whoever runs the server tells you.',
  who: 'administrator',
  server: 'x509: certificate signed by unknown authority',
  chain,
};

const report = (side: Side, stages: object[]) => ({
  ok: false,
  side,
  protocol: servers[side].protocol,
  server: servers[side],
  stages,
});

/** tested goes through the wizard to a test that is answered with these lines; unended, it runs on. */
async function tested(s: Stand, lines: object[]): Promise<void> {
  const body = lines.map((line) => JSON.stringify(line) + '\n').join('');
  // An answer of the browser's own cannot stay open: the page itself is told to wait for its end.
  await s.page.addInitScript((body) => {
    const real = window.fetch;
    window.fetch = async (input, init) => {
      const url = input instanceof Request ? input.url : String(input);
      if (!url.endsWith('/connect/test/follow')) return real(input, init);
      const stream = new ReadableStream({
        start(c) {
          c.enqueue(new TextEncoder().encode(body));
          if (body.includes('"result"')) c.close();
        },
      });
      return new Response(stream, { headers: { 'Content-Type': 'application/jsonl' } });
    };
  }, body);
  await s.page.goto(s.demo + '/connect');
  await s.page.getByLabel(s.t('connect.address.label')).fill('anna@demo.example');
  await s.page.getByRole('button', { name: s.t('connect.next') }).click();
  await s.page.locator('input[type=password][name=password]').fill('demo-password');
  await s.page.getByRole('button', { name: s.t('connect.test') }).click();
  const stage = s.page.getByText(s.t('ui.report.stage.tcp'));
  await stage.first().waitFor();
}

const asStages = (side: Side, stages: object[]) =>
  stages.map((stage) => ({ stage: { side, server: servers[side], stage } }));

const callback = (answer: { status: number; json?: object; wait?: boolean }) => async (s: Stand) => {
  await s.page.addInitScript(() =>
    sessionStorage.setItem('sign-in:begun', JSON.stringify({ address: 'anna.rossi@example.com' })),
  );
  await s.page.route('**/api/v1/connect/sign-in/finish', async (route) => {
    if (answer.wait) return;
    await route.fulfill({ status: answer.status, contentType: 'application/problem+json', json: answer.json });
  });
  await s.page.goto(s.demo + '/oauth/callback?state=begun&code=x');
};

const saved = {
  account: { id: 1, address: 'anna.rossi@example.com', name: 'anna.rossi@example.com', state: 'works' },
  reports: { ok: true },
};

/** Places where a provider or a mail server has its say: sign-ins, certificates, tests. */
export const services: Place[] = [
  ...[0, 3, 300].map((rows) => ({
    name: `admin-oauth-apps-${rows}`,
    leaves: true,
    open: async (s: Stand) => {
      await withApps(s, rows);
      await s.page.goto(s.demo + '/admin/oauth-apps');
    },
  })),
  { name: 'admin-oauth-app-new', open: at('/admin/oauth-apps/new') },
  {
    name: 'admin-oauth-app-custom',
    async open(s) {
      await s.page.goto(s.demo + '/admin/oauth-apps/new');
      await s.page.getByLabel(s.t('oauth.field.service')).selectOption('custom');
      await s.page.getByLabel(s.t('oauth.field.kind')).selectOption('service_account');
    },
  },
  {
    name: 'admin-oauth-app-mistakes',
    async open(s) {
      await s.page.goto(s.demo + '/admin/oauth-apps/new');
      await s.page.getByLabel(s.t('oauth.field.service')).selectOption('custom');
      await s.page.getByRole('button', { name: s.t('settings.save') }).click();
      await s.page.getByRole('alert').first().waitFor();
    },
  },
  {
    name: 'admin-oauth-app-edit',
    leaves: true,
    async open(s) {
      await withApps(s, 3);
      await s.page.goto(s.demo + '/admin/oauth-apps/1');
    },
  },
  ...[0, 3, 300].map((rows) => ({
    name: `admin-trusted-servers-${rows}`,
    leaves: true,
    open: async (s: Stand) => {
      await s.page.route('**/api/v1/trusted-servers', (route) => route.fulfill({ json: { items: trusted(rows) } }));
      await s.page.goto(s.demo + '/admin/trusted-servers');
    },
  })),
  { name: 'oauth-callback-unknown', open: at('/oauth/callback?state=nobody-began-this&code=x') },
  { name: 'oauth-callback-busy', leaves: true, open: callback({ status: 200, wait: true }) },
  { name: 'oauth-callback-done', leaves: true, open: callback({ status: 201, json: saved }) },
  {
    name: 'oauth-callback-failed',
    leaves: true,
    open: callback({
      status: 422,
      json: {
        status: 422,
        code: 'tls.untrusted',
        title: 'Unprocessable Entity',
        detail: 'The certificate of the server is not from an authority that is known here.',
        reports: {
          ok: false,
          incoming: report('incoming', [...passed('dns', 'tcp'), untrusted]),
          outgoing: {
            ...report('outgoing', passed('dns', 'tcp', 'tls', 'greeting', 'capabilities', 'login', 'sender')),
            ok: true,
          },
        },
      },
    }),
  },
  {
    name: 'connect-live',
    leaves: true,
    open: (s) =>
      tested(s, [
        ...asStages('incoming', passed('dns', 'tcp', 'tls', 'greeting', 'capabilities')),
        ...asStages('outgoing', passed('dns', 'tcp')),
      ]),
  },
  {
    name: 'connect-chain',
    leaves: true,
    async open(s) {
      const result = {
        ok: false,
        incoming: report('incoming', [...passed('dns', 'tcp'), untrusted]),
        outgoing: report('outgoing', [...passed('dns', 'tcp'), untrusted]),
      };
      await tested(s, [{ result }]);
      const shown = s.page.getByRole('group', { name: s.t('ui.report.incoming') });
      await shown.getByText(s.t('trust.chain')).click();
      await shown.getByRole('button', { name: s.t('trust.add') }).scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'connect-trust',
    leaves: true,
    async open(s) {
      const result = { ok: false, incoming: report('incoming', [...passed('dns', 'tcp'), untrusted]) };
      await tested(s, [{ result }]);
      await s.page.getByText(s.t('trust.chain')).click();
      await s.page.getByRole('button', { name: s.t('trust.add') }).click();
      await s.page
        .getByRole('dialog')
        .getByRole('button', { name: s.t('trust.add') })
        .click();
      await s.page.getByRole('dialog').getByRole('alert').waitFor();
    },
  },
  {
    name: 'connect-provider',
    leaves: true,
    async open(s) {
      await s.page.route('**/api/v1/connect/discover/follow', async (route) => {
        const answer = await route.fetch();
        const offers = JSON.stringify([{ app_id: 1, name: 'Google', kind: 'person' }]);
        const text = (await answer.text()).replace('"result":{', `"result":{"oauth":${offers},`);
        await route.fulfill({ response: answer, body: text });
      });
      await s.page.goto(s.demo + '/connect');
      await s.page.getByLabel(s.t('connect.address.label')).fill('anna@gmail.com');
      await s.page.getByRole('button', { name: s.t('connect.next') }).click();
      await s.page.getByRole('button', { name: s.t('oauth.with', { name: 'Google' }) }).waitFor();
    },
  },
];
