import { idOf, type Place, type Stand } from './stand.ts';

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

/** What each kind of notice tells beside the account. */
const tells = {
  stopped: { state: 'trouble', code: 'auth.bad_credentials' },
  works: { until: '2026-11-20T11:30:00Z' },
  ends: { credential: { ends_at: '2026-12-20T09:00:00Z', reason: 'age', warn: 30 } },
};

/** noticed shows what people are told of accounts that stopped, that work again, or whose sign-in ends soon. */
async function noticed({ page, demo }: Stand, count: number, kind: keyof typeof tells): Promise<void> {
  const items = Array.from({ length: count }, (_, i) => ({
    id: i + 1,
    user_id: 1,
    kind,
    account_id: 900 + i,
    name: `Box ${i + 1}`,
    address: `box-${i + 1}@firm.example`,
    ...tells[kind],
    since: '2026-11-20T09:00:00Z',
    created_at: '2026-11-20T09:00:00Z',
  }));
  await page.route('**/api/v1/notices', (route) => route.fulfill({ json: { items } }));
  await page.goto(demo + '/outbox');
}

/** What tests, stops and reports of problems look like. */
export const notices: Place[] = [
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
  { name: 'notice-ends', open: (s) => noticed(s, 1, 'ends') },
  { name: 'notice-ends-many', open: (s) => noticed(s, 4, 'ends') },
];
