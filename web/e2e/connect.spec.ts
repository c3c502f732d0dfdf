import type { Page } from '@playwright/test';
import { axe, expect, signIn, test, type Mailbox, type Service } from './fixtures.ts';
import { words } from './words.ts';
import { understand, type Security, type Side } from '../src/pages/connect/server-text.ts';

const t = words('en');

// Each test starts a service and a browser of its own.
test.describe.configure({ timeout: 120_000 });

async function begin(page: Page, service: Service, address: string): Promise<void> {
  await signIn(page, service);
  await page.goto(service.url + '/connect');
  await page.getByLabel(t('connect.address.label')).fill(address);
  await page.keyboard.press('Enter');
}

const secret = (page: Page) => page.getByLabel(t('connect.password.password'), { exact: true });
const connectButton = (page: Page) => page.getByRole('button', { name: t('connect.save'), exact: true });
const done = (page: Page, box: Mailbox) =>
  expect(page.getByText(t('connect.done.title', { address: box.address }))).toBeVisible({ timeout: 30_000 });

/** The service's own reading of a server text, see TestParseServer of the service. */
test('a typed server is understood as the service understands it', () => {
  const cases: [text: string, side: Side, security: Security, want: string][] = [
    ['mail.example.com', 'incoming', 'tls', 'mail.example.com:993:tls'],
    [' Mail.Example.COM. ', 'incoming', 'tls', 'mail.example.com:993:tls'],
    ['mail.example.com:1143', 'incoming', 'tls', 'mail.example.com:1143:tls'],
    ['mail.example.com:143:starttls', 'incoming', 'tls', 'mail.example.com:143:starttls'],
    ['mail.example.com:993', 'incoming', 'starttls', 'mail.example.com:993:starttls'],
    ['imaps://mail.example.com', 'incoming', 'automatic', 'mail.example.com:993:tls'],
    ['imaps://mail.example.com:1993/', 'incoming', 'automatic', 'mail.example.com:1993:tls'],
    ['submission://mail.example.com', 'outgoing', 'automatic', 'mail.example.com:587:starttls'],
    ['smtps://mail.example.com', 'outgoing', 'starttls', 'mail.example.com:465:tls'],
    ['127.0.0.1:1025', 'outgoing', 'starttls', '127.0.0.1:1025:starttls'],
    ['[::1]:1025', 'outgoing', 'starttls', '::1:1025:starttls'],
    ['::1', 'outgoing', 'starttls', '::1:587:starttls'],
    ['bücher.example', 'incoming', 'tls', 'xn--bcher-kva.example:993:tls'],
    ['smtp_1.example.com', 'outgoing', 'starttls', 'smtp_1.example.com:587:starttls'],
    ['mail.example.com', 'incoming', 'automatic', 'mail.example.com:993:tls mail.example.com:143:starttls'],
    ['mail.example.com:587', 'outgoing', 'automatic', 'mail.example.com:587:starttls mail.example.com:587:tls'],
    ['pop3s://mail.example.com', 'incoming', 'automatic', 'mail.example.com:995:tls'],
    ['pop3://mail.example.com', 'incoming', 'automatic', 'mail.example.com:995:tls mail.example.com:110:starttls'],
  ];
  for (const [text, side, security, want] of cases) {
    const means = understand(text, side, security);
    const got =
      typeof means === 'string' ? means : means.tries.map((x) => `${means.host}:${x.port}:${x.security}`).join(' ');
    expect(got, text).toBe(want);
  }
  for (const text of [
    ...['', ' ', 'mail example.com', 'mail.example.com\r\nX: y', 'mail.example.com:0', 'mail.example.com:70000'],
    ...['mail.example.com:x', 'http://mail.example.com', 'imaps://anna:secret@mail.example.com', 'mail..example.com'],
    ...['imaps://mail.example.com/inbox', '-mail.example.com', '[::1', 'fe80::1%eth0', 'mail.example.com:993:ssl3'],
    ...['a/b.example.com', '\u202email.example.com', 'smtp://mail.example.com'],
  ])
    expect(typeof understand(text, 'incoming'), text).toBe('string');
});

test('a known domain: address, password, both sides tested, connected, by keyboard alone', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox({ mails: 70 });
  await begin(page, service, box.address);
  await expect(page.getByText(t('connect.from.administrator', { domain: 'example.com' }))).toBeVisible();
  await expect(secret(page)).toBeFocused();
  // Nothing to test before there is a password.
  await expect(page.getByRole('button', { name: t('connect.test') })).toHaveCount(0);
  await page.keyboard.type(box.password);
  const test = page.getByRole('button', { name: t('connect.test') });
  await test.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByText(t('connect.all_works'))).toBeVisible({ timeout: 30_000 });
  for (const side of ['incoming', 'outgoing'])
    await expect(page.getByRole('heading', { name: t(`ui.report.${side}`) })).toBeVisible();
  await axe(page, 'a test that works');
  await secret(page).focus();
  await page.keyboard.press('Enter');
  await done(page, box);
  await expect(page.getByText(t('connect.done.months', { count: 3 }))).toBeVisible({ timeout: 30_000 });
  await axe(page, 'the end');
  await page.getByRole('link', { name: t('connect.done.open_mail') }).press('Enter');
  await expect(page).toHaveURL(/\/mail\/\d+/);
  // A second mailbox begins with an empty page.
  await page.goto(service.url + '/connect');
  await expect(page.getByLabel(t('connect.address.label'))).toHaveValue('');
});

test('a wrong password is told at its field, and nothing typed is lost on the way back', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox();
  await begin(page, service, box.address);
  await secret(page).fill('not the password');
  await page.getByText(t('connect.options.more_admin')).click();
  await page.getByLabel(t('connect.display_name')).fill('Anna of Orders');
  await page.getByLabel(t('connect.note')).fill('For the shop.');
  await connectButton(page).click();
  await expect(page.getByText(t('errors.auth.bad_credentials.cause')).first()).toBeVisible({ timeout: 30_000 });
  await expect(secret(page)).toHaveAttribute('aria-invalid', 'true');
  await expect(secret(page)).toBeFocused();
  await axe(page, 'a test that fails');
  await page.keyboard.press('Escape');
  await expect(page.getByLabel(t('connect.address.label'))).toHaveValue(box.address);
  await page.keyboard.press('Enter');
  await expect(secret(page)).toHaveValue('not the password');
  await expect(page.getByLabel(t('connect.note'))).toHaveValue('For the shop.');
  await page.goBack();
  await page.goForward();
  await expect(page.getByLabel(t('connect.display_name'))).toHaveValue('Anna of Orders');
  await secret(page).fill(box.password);
  await secret(page).press('Enter');
  await done(page, box);
  const { items } = (await (await page.request.get(service.url + '/api/v1/accounts')).json()) as {
    items: { display_name: string; note: string }[];
  };
  expect(items[0]).toMatchObject({ display_name: 'Anna of Orders', note: 'For the shop.' });
});

test('an unknown domain: servers by hand, understood while they are typed', async ({ page, stage }) => {
  const service = await stage.service({ admin: true, unknown: true });
  const box = await stage.mailbox({ mails: 3 });
  await begin(page, service, box.address);
  await expect(
    page.getByRole('heading', { name: t('connect.choose.unknown', { domain: 'example.com' }) }),
  ).toBeVisible();
  await expect(page.getByText('Gmail', { exact: true })).toBeVisible();
  await axe(page, 'the list of providers');
  await page.getByText(t('connect.choose.by_hand')).click();
  const incoming = page.getByRole('textbox', { name: t('connect.server.incoming') });
  const outgoing = page.getByRole('textbox', { name: t('connect.server.outgoing') });
  await expect(incoming).toBeFocused();
  await incoming.fill('mail.example.com:x');
  await expect(page.getByText(t('connect.typed.port'))).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(incoming).toBeFocused();
  await expect(page.getByText(t('connect.typed.needed'))).toBeVisible();
  await incoming.fill('imap.example.com');
  const both = { first: t('connect.try.tls', { port: 993 }), second: t('connect.try.starttls', { port: 143 }) };
  await expect(page.getByText(t('connect.try.both', both))).toBeVisible();
  await outgoing.fill('smtps://smtp.example.com');
  await expect(page.getByText(t('connect.try.tls', { port: 465 }))).toBeVisible();
  await axe(page, 'servers by hand');

  await incoming.fill(`imaps://${service.incoming.host}:${service.incoming.port}`);
  await outgoing.fill(`${service.outgoing.host}:${service.outgoing.port}`);
  await page.getByLabel(t('connect.security.label')).last().selectOption(service.outgoing.security);
  await page.keyboard.press('Tab');
  await page.getByRole('button', { name: t('connect.next') }).click();
  await secret(page).fill(box.password);
  await connectButton(page).click();
  await done(page, box);
});

/** follows lets a discovery answer with the question at once, and with the result when the page's answer() is called. */
async function follows(page: Page, question: unknown, result: unknown) {
  await page.addInitScript(
    ([first, last]) => {
      const real = window.fetch;
      window.fetch = async (input, init) => {
        if (!(input instanceof Request) || !input.url.endsWith('/connect/discover/follow')) return real(input, init);
        const line = (value: unknown) => new TextEncoder().encode(`${JSON.stringify(value)}\n`);
        const body = new ReadableStream<Uint8Array>({
          start(out) {
            out.enqueue(line({ question: first }));
            Object.assign(window, {
              answer: () => {
                out.enqueue(line({ result: last }));
                out.close();
              },
            });
          },
        });
        return new Response(body, { headers: { 'Content-Type': 'application/x-ndjson' } });
      };
    },
    [question, result],
  );
}

test('servers that a domain names elsewhere get the password after a word of the person', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const server = { port: 993, security: 'tls', username: 'anna@firm.example', auth: ['pw'] };
  const question = {
    source: 'srv',
    asked: 'SRV _imaps._tcp.firm.example',
    outcome: 'ok',
    said: 'In English.',
    names: ['imap.hosting.example:993'],
    trust: 'medium',
    took_ms: 3,
  };
  const result = {
    address: 'anna@firm.example',
    provider: { id: '', name: '' },
    source: 'srv',
    trust: 'medium',
    incoming: [{ ...server, protocol: 'imap', host: 'imap.hosting.example' }],
    outgoing: [{ ...server, protocol: 'smtp', host: 'smtp.hosting.example', port: 465 }],
    foreign: ['hosting.example'],
    evidence: ['_imaps._tcp.firm.example names imap.hosting.example:993.'],
    questions: [question],
  };
  await follows(page, question, result);
  const asked: unknown[] = [];
  await page.route('**/api/v1/connect/test/follow', async (route) => {
    asked.push(route.request().postDataJSON());
    const problem = { status: 403, code: 'forbidden', title: 'Forbidden', detail: 'No further.' };
    await route.fulfill({ status: 403, contentType: 'application/problem+json', json: problem });
  });
  await begin(page, service, 'anna@firm.example');
  await expect(page.getByText(t('connect.looking', { domain: 'firm.example' }))).toBeVisible();
  const asking = page.getByRole('listitem').filter({ hasText: 'SRV _imaps._tcp.firm.example' });
  await expect(asking).toContainText(t('connect.asked.names', { names: 'imap.hosting.example:993' }));
  await expect(asking).toContainText(t('connect.trust.medium'));
  await expect(asking).toContainText(t('connect.asked.ms', { ms: 3 }));
  await axe(page, 'a domain is asked');
  await page.evaluate('answer()');
  await expect(page.getByText(t('connect.from.srv', { domain: 'firm.example' }))).toBeVisible();
  await secret(page).fill('a password');
  await expect(connectButton(page)).toBeHidden();
  await page.setViewportSize({ width: 390, height: 844 });
  await axe(page, 'servers of another domain');
  await page.getByRole('checkbox', { name: t('connect.foreign', { foreign: 'hosting.example' }) }).check();
  await expect(connectButton(page)).toBeVisible();
  await page.getByRole('button', { name: t('connect.test'), exact: true }).click();
  await expect.poll(() => asked.length).toBe(1);
  expect(asked[0]).toMatchObject({ address: 'anna@firm.example', confirm_servers: true });
  expect(asked[0]).not.toHaveProperty('incoming');
});

test('the stages of a test are shown as they end', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox();
  await begin(page, service, box.address);
  await secret(page).fill(box.password);
  // The server takes the connection and says nothing.
  await service.line('hang');
  await page.getByRole('button', { name: t('connect.test') }).click();
  const incoming = page.getByRole('group', { name: t('ui.report.incoming') });
  await expect(incoming.getByText(t('ui.report.stage.tcp'))).toBeVisible();
  await expect(incoming.getByText(t('ui.report.running'))).toBeVisible();
  await page.getByRole('button', { name: t('connect.stop') }).click();
  await expect(incoming).toBeHidden();
});

test('a certificate that nobody knows is told at the server and in the report', async ({ page, stage }) => {
  const service = await stage.service({ admin: true, certificate: 'untrusted' });
  const box = await stage.mailbox({ certificate: 'untrusted' });
  await begin(page, service, box.address);
  await secret(page).fill(box.password);
  await page.getByRole('button', { name: t('connect.test') }).click();
  await expect(page.getByText(t('ui.report.fails')).first()).toBeVisible({ timeout: 30_000 });
  const cause = t('errors.tls.untrusted.cause');
  await expect(page.getByRole('alert').filter({ hasText: cause }).first()).toBeVisible();
  await expect(page.getByRole('button', { name: t('ui.report.copy') })).toBeVisible();
  // The password was sent to nobody: the test ended before.
  await expect(page.getByText(t('ui.report.stage.login'), { exact: true })).toHaveCount(0);
  await axe(page);
});

test('the report to copy tells neither the password nor the address', async ({ page, context, stage }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox();
  const wrong = 'not the password';
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await begin(page, service, box.address);
  await secret(page).fill(wrong);
  await page.getByRole('button', { name: t('connect.test') }).click();
  await page.getByRole('button', { name: t('ui.report.copy') }).click({ timeout: 30_000 });
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toContain(`! ${t('ui.report.stage.login')}`);
  const report = await page.evaluate(() => navigator.clipboard.readText());
  expect(report).toContain('auth.bad_credentials');
  expect(report).toContain(t('ui.report.server_said'));
  for (const hidden of [wrong, btoa(wrong), box.address]) expect(report).not.toContain(hidden);
});

test('services that cannot be connected are answered with the reason', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  await begin(page, service, 'anna@tuta.com');
  await expect(page.getByText(t('connect.problem.unsupported', { name: 'Tuta' }))).toBeVisible();
  await axe(page);
  await page.getByRole('link', { name: t('connect.choose_other'), exact: true }).click();
  await page.getByLabel(t('connect.choose.search')).fill('hey');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: t('connect.problem.title', { name: 'HEY' }) })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByLabel(t('connect.choose.search'))).toBeVisible();
  // The provider's own way to an app password.
  await page.getByLabel(t('connect.choose.search')).fill('gmail');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByText(t('connect.needs.app', { name: 'Gmail' }))).toBeVisible();
  await expect(page.getByRole('link', { name: t('providers.app_password') })).toHaveAttribute(
    'href',
    /^https:\/\/myaccount\.google\.com\//,
  );
  await expect(page.getByLabel(t('connect.password.app'), { exact: true })).toBeFocused();
  await axe(page);
});

test('a mailbox of the organisation that only sends, through a relay without a sign-in', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox();
  await begin(page, service, box.address);
  await secret(page).fill(box.password);
  await page.getByText(t('connect.options.more_admin')).click();
  await page.getByLabel(t('connect.direction.label')).selectOption('send');
  await page.getByLabel(t('connect.owner.label')).selectOption('organisation');
  await page.getByText(t('connect.options.sign_in')).click();
  await page.getByLabel(t('connect.outgoing.label')).selectOption('none');
  // Without a sign-in there is no password to ask for.
  await expect(secret(page)).toHaveCount(0);
  await connectButton(page).click();
  await done(page, box);
  await expect(page.getByText(t('connect.done.lead_send'))).toBeVisible();
  await expect(page.getByRole('link', { name: t('connect.done.open_mail') })).toHaveCount(0);
  const { items } = (await (await page.request.get(service.url + '/api/v1/accounts?all=true')).json()) as {
    items: { owner_id?: number; incoming?: object; outgoing: { login: string } }[];
  };
  expect(items[0]!.owner_id).toBeUndefined();
  expect(items[0]!.incoming).toBeUndefined();
  expect(items[0]!.outgoing.login).toBe('');
});

test('the address that is connected already is told with the way to it', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox();
  for (let i = 0; i < 2; i++) {
    await begin(page, service, box.address);
    await secret(page).fill(box.password);
    await connectButton(page).click();
    if (i === 0) await done(page, box);
  }
  await expect(page.getByText(t('errors.account.exists.cause'))).toBeVisible({ timeout: 30_000 });
  await page.getByRole('link', { name: t('connect.change_address') }).click();
  await expect(page.getByLabel(t('connect.address.label'))).toHaveValue(box.address);
});
