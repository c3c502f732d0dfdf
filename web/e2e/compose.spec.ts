import type { Page } from '@playwright/test';
import { formatAddress, isAddress, parseAddresses } from '../src/pages/compose/model/addresses.ts';
import { promisesFile } from '../src/pages/compose/model/hints.ts';
import { toHtml } from '../src/pages/compose/model/html.ts';
import { fromText, ownText, toText } from '../src/pages/compose/model/text.ts';
import { axe, connect, expect, signIn, test, type Service } from './fixtures.ts';

// Mail goes through real servers, and some tests wait out the time in which it can be called back.
test.describe.configure({ timeout: 150_000 });

test.describe('addresses', () => {
  const lists: [string, string[]][] = [
    ['anna@example.com', ['anna@example.com']],
    [
      'Anna <anna@example.com>, ben@example.com; c@example.org',
      ['Anna <anna@example.com>', 'ben@example.com', 'c@example.org'],
    ],
    ['"Rossi, Anna" <anna@example.com>', ['"Rossi, Anna" <anna@example.com>']],
    [
      'Rossi, Anna <anna@example.com>; Ben <ben@example.com>',
      ['"Rossi, Anna" <anna@example.com>', 'Ben <ben@example.com>'],
    ],
    ['nonsense, anna@example.com', ['nonsense', 'anna@example.com']],
    ['anna@example.com ben@example.com', ['anna@example.com', 'ben@example.com']],
    ['mailto:anna@example.com\nben@example.com\r\n', ['anna@example.com', 'ben@example.com']],
    ['anna@example.com (Anna Verdi)', ['Anna Verdi <anna@example.com>']],
    ['<anna@example.com>', ['anna@example.com']],
    ['anna@example.com <anna@example.com>', ['anna@example.com']],
    ['; ,, ', []],
  ];
  for (const [text, want] of lists)
    test(`are read from ${JSON.stringify(text)}`, () => {
      expect(parseAddresses(text).map(formatAddress)).toEqual(want);
    });

  test('are right or wrong as the service has it', () => {
    for (const right of ['anna@example.com', "o'neil+x@example.com", 'анна@пример.example', 'a@b'])
      expect(isAddress(right), right).toBe(true);
    for (const wrong of [
      'anna',
      '@example.com',
      'anna@',
      'an na@example.com',
      'a@b@c',
      'anna@exa mple.com',
      'a..b@example.com',
      'anna@-x.example',
    ])
      expect(isAddress(wrong), wrong).toBe(false);
  });
});

test.describe('the text of a mail', () => {
  const text = 'Hello Ben,\n\nyes.\n\n-- \nAnna\nSales\n\nOn Monday, Ben wrote:\n> Is it so?\n>> It was.\n';

  test('keeps its lines, quotes and signature through the editor', () => {
    expect(toText(fromText(text))).toBe(text);
  });
  test('becomes HTML that mail programs understand', () => {
    const html = toHtml(fromText(text), () => undefined);
    expect(html).toContain('<div>Hello Ben,</div><div><br></div><div>yes.</div>');
    expect(html).toMatch(/<blockquote type="cite"[^>]*><div>Is it so\?<\/div><blockquote/);
    expect(toHtml(fromText('a < b & "c"'), () => undefined)).toBe('<div>a &lt; b &amp; &quot;c&quot;</div>');
  });
  test('keeps lists and links as text', () => {
    const item = (text: string) => ({
      type: 'listItem',
      content: [{ type: 'paragraph', content: [{ type: 'text', text }] }],
    });
    const link = {
      type: 'text',
      text: 'our site',
      marks: [{ type: 'link', attrs: { href: 'https://example.com/a' } }],
    };
    const doc = {
      type: 'doc',
      content: [
        { type: 'bulletList', content: [item('one'), item('two')] },
        { type: 'paragraph', content: [link] },
      ],
    };
    expect(toText(doc)).toBe('- one\n- two\nour site <https://example.com/a>\n');
  });
  test('promises a file in four languages, in the writer’s own words only', () => {
    for (const said of ['see the attached file', 'in allegato il contratto', 'файл во вложении', 'adjunto la factura'])
      expect(promisesFile(said), said).toBe(true);
    expect(promisesFile('see you tomorrow')).toBe(false);
    expect(promisesFile(ownText(fromText('Thanks\n\nOn Monday, Ben wrote:\n> it is attached\n')))).toBe(false);
  });
});

const dialog = (page: Page) => page.getByRole('dialog');
const field = (page: Page, name: string) => dialog(page).getByRole('combobox', { name, exact: true });
const text = (page: Page) => dialog(page).getByRole('textbox', { name: 'Text of the mail' });
const send = (page: Page) => dialog(page).getByRole('button', { name: /^Send/ });
const toasts = (page: Page) => page.getByRole('region', { name: 'Notices' }).or(page.locator('section[popover]'));

/** goes ends the time in which a mail can be called back. */
async function goes(page: Page) {
  const notice = toasts(page).getByRole('listitem').filter({ hasText: 'Sending' });
  await notice.getByRole('button', { name: 'Close' }).click();
}

async function outbox(page: Page, service: Service): Promise<{ subject: string; state: string }[]> {
  const res = await page.request.get(service.url + '/api/v1/outbox');
  return ((await res.json()) as { items: { subject: string; state: string }[] }).items;
}

/** begin opens a window as soon as the page listens to keys. */
async function begin(page: Page) {
  await expect(page.getByRole('heading', { name: 'Outbox' }).first()).toBeAttached();
  await page.keyboard.press('c');
  await expect(field(page, 'To')).toBeFocused();
}

async function write(page: Page, to: string, subject: string, words: string) {
  await begin(page);
  await field(page, 'To').fill(to);
  await field(page, 'To').press('Enter');
  await dialog(page).getByRole('textbox', { name: 'Subject' }).fill(subject);
  await text(page).click();
  await page.keyboard.type(words);
}

test('a mail with form, a file and an image arrives, and a copy lies in Sent', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const [mine, theirs] = [await stage.mailbox(), await stage.mailbox()];
  await signIn(page, service);
  await connect(page, service, mine);
  await page.goto(service.url + '/outbox');
  await expect(page.getByText('Nothing has been sent yet')).toBeVisible();
  await write(page, `Ben Blau <${theirs.address}>`, 'Offer for spring', 'Hello Ben, ');
  await page.keyboard.press('Control+b');
  await page.keyboard.type('it ends on Friday');
  await page.keyboard.press('Control+b');
  await page.keyboard.type('. The offer is attached.');
  await expect(send(page)).toHaveText('Send without file');
  await axe(page, 'compose with a hint');
  await dialog(page)
    .locator('[data-files]')
    .setInputFiles({ name: 'offer.txt', mimeType: 'text/plain', buffer: Buffer.from('the price is 40\n') });
  await dialog(page)
    .locator('[data-images]')
    .setInputFiles({ name: 'chart.png', mimeType: 'image/png', buffer: pixel });
  await expect(text(page).getByRole('img', { name: 'chart.png' })).toBeVisible();
  await expect(send(page)).toHaveText('Send');
  await page.keyboard.press('Control+Enter');
  await goes(page);
  await expect(
    toasts(page)
      .getByText(/^(Sent|On its way)$/)
      .first(),
  ).toBeVisible();
  await expect(page.getByRole('link', { name: /Offer for spring/ })).toContainText('Accepted', { timeout: 30_000 });

  await expect.poll(async () => (await stage.mails(theirs, 'INBOX')).length, { timeout: 30_000 }).toBe(1);
  // Without the soft line ends of quoted-printable (RFC 2045 section 6.7).
  const got = (await stage.mails(theirs, 'INBOX'))[0]!.text.replace(/=\r?\n/g, '');
  expect(got).toMatch(new RegExp(`^To: "?Ben Blau"? <${theirs.address}>`, 'm'));
  expect(got).toMatch(/<b>it ends on Friday<\/b>/);
  expect(got).toMatch(/cid:[0-9a-f]+@mailstead/);
  expect(got).toContain('filename="offer.txt"');
  await expect.poll(async () => (await stage.mails(mine, 'Sent')).length, { timeout: 30_000 }).toBe(1);
});

// The smallest image that browsers show.
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

test('what was written survives a reload, and a mail that waited to be sent is offered again', async ({
  page,
  stage,
}) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox();
  await signIn(page, service);
  await connect(page, service, box);
  await page.goto(service.url + '/outbox');
  await write(page, box.address, 'Kept', 'These words stay.');
  await dialog(page)
    .locator('[data-files]')
    .setInputFiles({ name: 'kept.txt', mimeType: 'text/plain', buffer: Buffer.from('kept') });
  await expect(dialog(page).getByText('Kept on this device')).toBeVisible();
  await page.waitForFunction(() => new Promise((resolve) => setTimeout(() => resolve(true), 500)));
  await page.reload();
  await expect(text(page)).toContainText('These words stay.');
  await expect(dialog(page).getByText('kept.txt')).toBeVisible();
  await expect(dialog(page).getByRole('list', { name: /To/ })).toContainText(box.address);

  await send(page).click();
  await expect(dialog(page)).toHaveCount(0);
  await page.reload();
  const tab = page.getByRole('button', { name: 'Open draft: Kept' });
  await expect(tab).toContainText('Not sent');
  await axe(page, 'a draft that waits');
  expect(await outbox(page, service)).toEqual([]);
  await tab.click();
  await expect(dialog(page).getByText('This mail was not sent')).toBeVisible();
  await send(page).click();
  await goes(page);
  await expect.poll(async () => (await outbox(page, service)).length).toBe(1);
  await expect(tab).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole('link', { name: /Kept/ })).toBeVisible();
  await expect(tab).toHaveCount(0);
});

test('an answer that is lost makes no second mail', async ({ page, stage, witness }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox();
  await signIn(page, service);
  await connect(page, service, box);
  await page.goto(service.url + '/outbox');
  witness.allow(/Failed to load resource/);
  let lost = 0;
  await page.route('**/api/v1/outbox', async (route) => {
    if (route.request().method() !== 'POST' || lost > 0) return route.continue();
    lost++;
    await route.fetch();
    await route.abort('connectionreset');
  });
  await write(page, box.address, 'Once', 'Only once.');
  await send(page).click();
  await goes(page);
  await expect(dialog(page).getByText('Everything that was written is still here.')).toBeVisible();
  await expect(text(page)).toContainText('Only once.');
  await axe(page, 'a mail that was not sent');
  await send(page).click();
  await goes(page);
  await expect(dialog(page)).toHaveCount(0);
  await expect(page.getByRole('link', { name: /Once/ })).toBeVisible();
  expect((await outbox(page, service)).map((m) => m.subject)).toEqual(['Once']);
});

test('30 MB are refused at once and nothing is lost', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox();
  await signIn(page, service);
  await connect(page, service, box);
  await page.goto(service.url + '/outbox');
  await write(page, box.address, 'Film', 'Here it comes.');
  const input = dialog(page).locator('[data-files]');
  await input.setInputFiles({ name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('note') });
  await input.setInputFiles(
    { name: 'film.mov', mimeType: 'video/quicktime', buffer: Buffer.alloc(30_000_000) },
    { timeout: 60_000 },
  );
  await expect(dialog(page).getByRole('alert')).toContainText('film.mov (30 MB) is too large');
  await expect(dialog(page).getByRole('list', { name: 'Attached files' }).getByRole('listitem')).toHaveCount(1);
  await expect(dialog(page).getByText('1 file, 4 bytes of 25 MB')).toBeVisible();
  await expect(text(page)).toContainText('Here it comes.');
});

test('a wrong address is told at its field and is not sent', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox();
  await signIn(page, service);
  await connect(page, service, box);
  await page.goto(service.url + '/outbox');
  await begin(page);
  await page.keyboard.press('Control+Enter');
  await expect(dialog(page).getByRole('alert')).toContainText('Name at least one recipient');
  await page.keyboard.type('nonsense;');
  await expect(dialog(page).getByRole('alert')).toContainText('nonsense is not a mail address');
  await axe(page, 'a wrong address');
  // By keyboard alone: back to the chip, open it, write it anew.
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await page.keyboard.type(box.address + ',');
  await expect(dialog(page).getByRole('alert')).toHaveCount(0);
  await page.keyboard.press('Control+Enter');
  await goes(page);
  await expect.poll(async () => (await outbox(page, service)).length).toBe(1);
});

test('what is typed before the beginning has come stays, and nothing goes without it', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox();
  await signIn(page, service);
  await connect(page, service, box);
  await page.goto(service.url + '/outbox');
  let come = () => {};
  const waiting = new Promise<void>((resolve) => (come = resolve));
  await page.route('**/api/v1/draft', async (route) => {
    await waiting;
    await route.continue();
  });
  await begin(page);
  await page.keyboard.type(box.address + ',');
  await dialog(page).getByRole('textbox', { name: 'Subject' }).fill('Early');
  await page.keyboard.press('Control+Enter');
  await expect(send(page)).toHaveAttribute('aria-busy', 'true');
  expect(await outbox(page, service)).toEqual([]);
  come();
  await text(page).fill('The text.');
  await expect(dialog(page).getByRole('list', { name: /To/ })).toContainText(box.address);
  await expect(dialog(page).getByRole('textbox', { name: 'Subject' })).toHaveValue('Early');
  await page.keyboard.press('Control+Enter');
  await goes(page);
  await expect.poll(async () => (await outbox(page, service)).length).toBe(1);
});

test('a draft is put aside, found again, thrown away and called back', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  await signIn(page, service);
  await connect(page, service, await stage.mailbox());
  await page.goto(service.url + '/outbox');
  await begin(page);
  await page.keyboard.press('Escape');
  await expect(dialog(page)).toHaveCount(0);
  await expect(page.getByRole('region', { name: 'Drafts and mail on its way' })).toHaveCount(0);

  await write(page, 'ben@example.org', 'First', 'one');
  await page.keyboard.press('Escape');
  await write(page, 'ben@example.org', 'Second', 'two');
  const first = page.getByRole('button', { name: 'Open draft: First' });
  await first.click();
  await expect(text(page)).toHaveText('one');
  await expect(page.getByRole('button', { name: 'Open draft: Second' })).toBeVisible();
  await dialog(page).getByRole('button', { name: 'Discard draft' }).click();
  await expect(dialog(page)).toHaveCount(0);
  await toasts(page).getByRole('button', { name: 'Undo' }).click();
  await expect(text(page)).toHaveText('one');
  await dialog(page).getByRole('button', { name: 'Discard draft' }).click();
  await page.reload();
  await expect(page.getByRole('button', { name: 'Open draft: Second' })).toBeVisible();
  await expect(first).toHaveCount(0);
});

test('a draft is in one tab of the browser at a time', async ({ page, context, stage }) => {
  const service = await stage.service({ admin: true });
  await signIn(page, service);
  await connect(page, service, await stage.mailbox());
  await page.goto(service.url + '/outbox');
  await write(page, 'ben@example.org', 'Mine', 'one');
  await expect(dialog(page).getByText('Kept on this device')).toBeVisible();
  const other = await context.newPage();
  await other.goto(service.url + '/outbox');
  await begin(other);
  const tab = other.getByRole('button', { name: 'Open draft: Mine' });
  await expect(tab).toHaveCount(0);
  await page.close();
  await tab.click();
  await expect(text(other)).toHaveText('one');
});

test('on a phone the window fills the screen', async ({ page, stage }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const service = await stage.service({ admin: true });
  await signIn(page, service);
  await connect(page, service, await stage.mailbox());
  await page.goto(service.url + '/outbox');
  await page.getByRole('button', { name: 'New mail' }).first().click();
  await expect(field(page, 'To')).toBeFocused();
  // It slides in.
  await expect.poll(() => dialog(page).boundingBox()).toEqual({ x: 0, y: 0, width: 390, height: 844 });
  await axe(page, 'compose on a phone');
});

test('who cannot send yet can write, and is told the way', async ({ page, stage, witness }) => {
  const service = await stage.service({ admin: true });
  witness.allow(/Failed to load resource/); // there is no account to begin a draft with
  await signIn(page, service);
  await page.goto(service.url + '/outbox');
  await begin(page);
  await expect(dialog(page).getByText('No account can send for you yet.')).toBeVisible();
  await expect(dialog(page).getByRole('link', { name: 'Connect email' })).toHaveAttribute('href', '/connect');
  await text(page).click();
  await page.keyboard.type('Already written.');
  await axe(page, 'compose without an account');
  await page.keyboard.press('Escape');
  await connect(page, service, await stage.mailbox());
  await page.reload();
  await page.getByRole('button', { name: /Open draft/ }).click();
  await expect(text(page)).toHaveText('Already written.');
  await expect(dialog(page).getByText('No account can send for you yet.')).toHaveCount(0);
});
