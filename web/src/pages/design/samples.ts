import { ApiError } from '$lib/api/problem';
import type { Schema } from '$lib/api/client';

/** Mail that the storybook shows. */
export const mails = [
  {
    from: { name: 'Anna Berger', address: 'anna@example.com' },
    subject: 'Offer 2026-114, revised quantities',
    snippet: 'Attached the offer with the quantities we agreed on this morning. The delivery date is unchanged.',
    time: '09:42',
    unread: true,
  },
  {
    from: { name: '', address: 'orders@shop.example' },
    subject: 'Order 70391 has left our warehouse',
    snippet: 'Two parcels are on their way and should arrive on Thursday.',
    time: '08:15',
    unread: true,
  },
  {
    from: { name: 'Владимир Соколов', address: 'v.sokolov@example.org' },
    subject: 'Договор на обслуживание',
    snippet: 'Направляю подписанный экземпляр, второй отправлен почтой.',
    time: 'Fri',
    unread: false,
  },
  {
    from: { name: 'Support', address: 'support@example.net' },
    subject: 'Re: Scanner on the second floor',
    snippet: 'It is the cable after all. I will bring a new one on Monday.',
    time: '3 Nov',
    unread: false,
  },
];

const minutesAgo = (n: number) => new Date(Date.now() - n * 60_000).toISOString();

export const times = { now: minutesAgo(2), hour: minutesAgo(64), old: minutesAgo(60 * 24 * 9) };

export interface Row {
  address: string;
  owner: string;
  tone: 'ok' | 'warn' | 'danger' | 'neutral';
  word: string;
  time?: string;
  mails: number;
}

export const accounts: Row[] = [
  {
    address: 'billing@example.com',
    owner: 'Nobody',
    tone: 'danger',
    word: 'Password refused',
    time: times.hour,
    mails: 0,
  },
  { address: 'sales@example.com', owner: 'Anna Berger', tone: 'warn', word: 'Retrying', time: times.now, mails: 1204 },
  {
    address: 'support@example.net',
    owner: 'Marco Rinaldi',
    tone: 'ok',
    word: 'Connected',
    time: times.now,
    mails: 18340,
  },
  { address: 'archive@example.org', owner: 'Marco Rinaldi', tone: 'neutral', word: 'Not tested yet', mails: 77 },
];

const server = (protocol: 'imap' | 'smtp', host: string, port: number, security: 'tls' | 'starttls') => ({
  protocol,
  host,
  port,
  security,
});

export const passed: Schema<'TestResult'> = {
  ok: true,
  incoming: {
    ok: true,
    side: 'incoming',
    protocol: 'imap',
    server: server('imap', 'imap.example.com', 993, 'tls'),
    stages: [
      { stage: 'dns', ok: true, ms: 12 },
      { stage: 'tcp', ok: true, ms: 31 },
      { stage: 'tls', ok: true, ms: 64 },
      { stage: 'greeting', ok: true, ms: 29 },
      { stage: 'capabilities', ok: true, ms: 30 },
      { stage: 'login', ok: true, ms: 188 },
      { stage: 'folders', ok: true, ms: 46 },
    ],
  },
  outgoing: {
    ok: true,
    side: 'outgoing',
    protocol: 'smtp',
    server: server('smtp', 'smtp.example.com', 587, 'starttls'),
    stages: [
      { stage: 'dns', ok: true, ms: 9 },
      { stage: 'tcp', ok: true, ms: 33 },
      { stage: 'greeting', ok: true, ms: 52 },
      { stage: 'tls', ok: true, ms: 71 },
      { stage: 'capabilities', ok: true, ms: 30 },
      { stage: 'login', ok: true, ms: 204 },
      { stage: 'sender', ok: true, ms: 61 },
    ],
  },
};

export const failed: Schema<'TestResult'> = {
  ok: false,
  incoming: passed.incoming,
  outgoing: {
    ...passed.outgoing!,
    ok: false,
    stages: [
      ...passed.outgoing!.stages!.slice(0, 5),
      {
        stage: 'login',
        ok: false,
        ms: 1480,
        code: 'auth.app_password_required',
        cause: 'The provider wants an app password: the password of the account is not accepted by mail programs.',
        action: 'Create an app password on the security page of the account and use it here.',
        who: 'user',
        server:
          '534-5.7.9 Application-specific password required. For more information, go to\n534 5.7.9 https://support.example.com/app-passwords',
      },
    ],
  },
};

export const resolution: Schema<'Resolution'> = {
  account_id: 4,
  level: 'profile',
  address: 'sales@example.com',
  name: 'Sales',
  profile: 'Sales',
  reason:
    'Sent by sales@example.com because the user has no account that can send, and the profile Sales has this one.',
  passed_over: [
    {
      account_id: 2,
      name: 'Anna',
      address: 'anna@example.com',
      level: 'user',
      priority: 10,
      allowed: true,
      enabled: false,
      healthy: true,
      why: 'disabled',
    },
    {
      account_id: 7,
      name: 'Sales abroad',
      address: 'export@example.com',
      level: 'profile',
      profile: 'Sales',
      priority: 20,
      allowed: true,
      enabled: true,
      healthy: true,
      why: 'outranked',
    },
    {
      account_id: 1,
      name: 'System',
      address: 'office@example.com',
      level: 'system',
      priority: 0,
      allowed: true,
      enabled: true,
      healthy: true,
      why: 'outranked',
    },
  ],
};

export const own: Schema<'Resolution'> = {
  account_id: 2,
  level: 'user',
  address: 'anna@example.com',
  name: 'Anna',
  held: true,
  reason: "Sent by anna@example.com because it is the user's own account.",
};

export const nobody: Schema<'Resolution'> = {
  level: 'none',
  reason: 'No account may send for this user, and the configuration file names no mail server.',
};

export const refusal = new ApiError(502, {
  code: 'dns.no_such_host',
  title: 'Server not reached',
  detail: 'The name imap.exmaple.com is unknown.',
  request_id: '1f0c6a2be4d95b37',
});

export const gone = new ApiError(0, { code: 'page.offline', detail: 'Failed to fetch' });

export const broken = new ApiError(500, {
  code: 'internal',
  title: 'Internal error',
  detail: 'Something went wrong in Mailstead.',
  request_id: '9b7ce2d10a3f4481',
});
