import type { Place, Stand } from './stand.ts';

const asked = [
  { source: 'mx', asked: 'MX firm.example', outcome: 'ok', names: ['mail.firm.example'], trust: 'medium', took_ms: 24 },
  {
    source: 'pacc',
    asked: 'TXT _ua-auto-config.firm.example',
    outcome: 'nothing',
    took_ms: 31,
  },
  { source: 'srv', asked: 'SRV _imaps._tcp.firm.example', outcome: 'broken', code: 'dns.temporary', took_ms: 2_004 },
  {
    source: 'autoconfig',
    asked: 'https://autoconfig.firm.example/mail/config-v1.1.xml',
    outcome: 'skipped',
    took_ms: 412,
  },
  {
    source: 'guess',
    asked: 'imap imap.firm.example:993:tls',
    outcome: 'ok',
    names: ['imap.firm.example:993'],
    trust: 'low',
    certificate: { issuer: 'Example Authority', valid_until: '2027-03-01T12:00:00Z' },
    took_ms: 187,
  },
].map((q) => ({ said: 'In English.', ...q }));

const server = (protocol: string, port: number) => ({
  protocol,
  host: `${protocol}.firm.example`,
  port,
  security: 'tls',
  username: 'anna@firm.example',
  auth: ['pw'],
});

/** found shows what the wizard was told of the servers of a domain; ended tells whether the search is over. */
async function found({ page, demo, t }: Stand, ended: boolean): Promise<void> {
  const result = {
    address: 'anna@firm.example',
    provider: { id: '', name: '' },
    source: 'guess',
    trust: 'low',
    incoming: [server('imap', 993)],
    outgoing: [server('smtp', 465)],
    evidence: [],
    questions: asked,
  };
  const body = [...asked.map((question) => ({ question })), { result }]
    .map((line) => JSON.stringify(line) + '\n')
    .join('');
  await page.route('**/api/v1/connect/discover/follow', (route) =>
    route.fulfill({ contentType: 'application/x-ndjson', body }),
  );
  if (!ended)
    // The stream stays open behind the questions.
    await page.addInitScript(
      (lines) => {
        const real = window.fetch;
        window.fetch = (input, init) => {
          const url = input instanceof Request ? input.url : String(input);
          if (!url.endsWith('/connect/discover/follow')) return real(input, init);
          const stream = new ReadableStream({ start: (c) => c.enqueue(new TextEncoder().encode(lines)) });
          return Promise.resolve(new Response(stream, { headers: { 'Content-Type': 'application/x-ndjson' } }));
        };
      },
      asked.map((question) => JSON.stringify({ question }) + '\n').join(''),
    );
  await page.goto(demo + '/connect');
  await page.getByLabel(t('connect.address.label')).fill('anna@firm.example');
  await page.getByRole('button', { name: t('connect.next') }).click();
  if (ended) await page.getByText(t('connect.evidence'), { exact: true }).click();
  await page.locator('[data-outcome=broken]').waitFor();
}

/** Whom the wizard asks for servers. */
export const discovery: Place[] = [
  { name: 'connect-asking', open: (s) => found(s, false) },
  { name: 'connect-asked', open: (s) => found(s, true) },
];
