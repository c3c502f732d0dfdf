import { expect, type APIRequestContext } from '@playwright/test';

const firstNames = [
  'Anna',
  'Bruno',
  'Chiara',
  'Dmitrij',
  'Elena',
  'Farid',
  'Grazia',
  'Hugo',
  'Inès',
  'José María',
  'Ksenia',
  'Łukasz',
];
const trades = [
  'Invoices',
  'Support',
  'Spare parts',
  'Purchasing',
  'Personnel',
  'Workshop',
  'Export',
  'Complaints and returns',
];

/** The sections of the administration, as they stand in the address, that list something. */
export const sections = [
  'accounts',
  'users',
  'profiles',
  'providers',
  'domains',
  'templates',
  'senders',
  'tests',
  'audit',
  'policies',
  'record-types',
  'trusted-servers',
] as const;

/** How many of everything a house has: nothing yet, few, and more than a page holds. */
export const sizes = [0, 3, 300] as const;

/** fill makes n more of everything that the administration lists, as the administrator who is signed in. */
export async function fill(api: APIRequestContext, url: string, n: number): Promise<void> {
  const send = async (method: string, path: string, data: object): Promise<{ id?: number }> => {
    const res = await api.fetch(`${url}/api/v1${path}`, { method, data, timeout: 60_000 });
    expect(res.status(), `${method} ${path}: ${await res.text()}`).toBeLessThan(300);
    return (await res.json().catch(() => ({}))) as { id?: number };
  };
  const smtp = { protocol: 'smtp', host: 'smtp.host.example', port: 465, security: 'tls' };
  const imap = { protocol: 'imap', host: 'imap.host.example', port: 993, security: 'tls' };
  const rows = ['address,name,display name,owner,profile,incoming,outgoing,no sign-in'];
  for (let i = 0; i < n; i++) {
    const [person, trade] = [`${firstNames[i % firstNames.length]} ${i + 1}`, `${trades[i % trades.length]} ${i + 1}`];
    await send('POST', '/users', { name: person, email: `person${i + 1}@firm.example` });
    await send('POST', '/profiles', { name: trade });
    await send('PUT', `/domains/branch${i + 1}.example`, { incoming: [imap], outgoing: [smtp] });
    await send('POST', '/providers', { name: `House of ${trade}`, incoming: [imap], outgoing: [smtp] });
    await send('POST', '/templates', {
      name: `${trade}: first answer`,
      module: trades[i % trades.length],
      subject: `Your message to ${trade}`,
      text: 'Thank you.',
    });
    await send('PUT', `/record-types/kind${i + 1}`, { name: `Requests to ${trade}`, link_by_hand: i % 2 === 0 });
    await send('POST', '/trusted-servers', {
      host: `mail.branch${i + 1}.example`,
      port: 993,
      kind: 'key',
      fingerprint: i.toString(16).padStart(64, '0'),
      reason: `The server of the branch in room ${i + 1}`,
    });
    const owner = i % 3 ? `person${i + 1}@firm.example` : '';
    rows.push(
      `box${i + 1}@branch${i + 1}.example,${trade},The house,${owner},${i % 3 ? '' : trade},imap.host.example:993:tls,smtp.host.example:465:tls,${i % 2 ? 'yes' : ''}`,
    );
  }
  if (n === 0) return;
  await send('POST', '/imports', { format: 'csv', content: Buffer.from(rows.join('\n')).toString('base64') });
  await send('POST', '/checkups', { all: true });
}
