import type { Page } from '@playwright/test';
import { axe, connect, expect, signIn, test, type Mailbox, type Service, type Stage } from './fixtures.ts';
import { words } from './words.ts';

const t = words('en');

interface House {
  service: Service;
  box: Mailbox;
  account: number;
}

/** house is a service with one mailbox, open at its inbox. */
async function house(page: Page, stage: Stage, mails: number): Promise<House> {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox({ mails });
  await signIn(page, service);
  const account = await connect(page, service, box, { wait: mails });
  await page.goto(service.url + '/mail');
  return { service, box, account };
}

const rows = (page: Page) => page.locator('[data-message]');
const row = (page: Page, subject: string) => rows(page).filter({ has: page.getByText(subject, { exact: true }) });
const reading = (page: Page) => page.getByRole('region', { name: t('mail.message'), exact: true });

/** marked are the orders whose mails have a mark on the mail server. Order 0, 3, 6 … come unread, the others read. */
async function marked(stage: Stage, box: Mailbox, mark: 'Seen' | 'Flagged'): Promise<string> {
  const mails = (await stage.mails(box, 'INBOX')).filter((m) => m.flags.includes(mark));
  const orders = mails.map((m) => Number(/^Subject: Order (\d+)/m.exec(m.text)?.[1] ?? -1));
  return orders.sort((x, y) => x - y).join(' ');
}

test('a message opens, is read on the server too, and can be unread again', async ({ page, stage }) => {
  const { box } = await house(page, stage, 4);
  await expect(rows(page)).toHaveCount(4);
  await axe(page);
  await row(page, 'Order 3').click();
  await expect(reading(page).getByRole('heading', { name: 'Order 3' })).toBeVisible();
  await expect(page).toHaveURL(/\/mail\/\d+\/\d+\/\d+$/);
  await expect.poll(() => marked(stage, box, 'Seen')).toBe('1 2 3');
  await axe(page);
  await page.keyboard.press('Shift+u');
  await expect.poll(() => marked(stage, box, 'Seen')).toBe('1 2');
});

test('the list is driven by keys alone', async ({ page, stage }) => {
  const { box } = await house(page, stage, 6);
  await expect(rows(page)).toHaveCount(6);
  await page.keyboard.press('j');
  await expect(row(page, 'Order 5')).toBeFocused();
  await page.keyboard.press('j');
  await page.keyboard.press('s');
  await expect.poll(() => marked(stage, box, 'Flagged')).toBe('4');
  await page.keyboard.press('Enter');
  await expect(reading(page).getByRole('heading', { name: 'Order 4' })).toBeVisible();
  await page.keyboard.press('j');
  await expect(reading(page).getByRole('heading', { name: 'Order 3' })).toBeVisible();
  await page.keyboard.press('u');
  await expect(row(page, 'Order 3')).toBeFocused();
  await expect(reading(page).getByRole('heading')).toHaveCount(0);
  await page.keyboard.press('x');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await expect(page.getByText(t('mail.bulk.selected', { count: 3 }))).toBeVisible();
  await axe(page);
  await page.keyboard.press('Escape');
  await expect(page.getByText(t('mail.bulk.selected', { count: 3 }))).toBeHidden();
});

test('several messages are marked at once, and it can be undone', async ({ page, stage }) => {
  const { box } = await house(page, stage, 8);
  await row(page, 'Order 7').hover();
  await page.getByRole('checkbox', { name: t('mail.select', { subject: 'Order 7' }) }).check();
  await row(page, 'Order 3').click({ modifiers: ['Shift'] });
  await expect(page.getByText(t('mail.bulk.selected', { count: 5 }))).toBeVisible();
  await page
    .getByRole('toolbar', { name: t('mail.bulk.label') })
    .getByRole('button', { name: t('mail.mark_read') })
    .click();
  await expect.poll(() => marked(stage, box, 'Seen')).toBe('1 2 3 4 5 6 7');
  await page.getByRole('button', { name: t('mail.undo') }).click();
  await expect.poll(() => marked(stage, box, 'Seen')).toBe('1 2 4 5 7');
});

test('new mail appears by itself and does not move what is read', async ({ page, stage }) => {
  const { box } = await house(page, stage, 60);
  await expect(row(page, 'Order 59')).toBeVisible();
  await stage.deliver(box, { from: 'Lea <lea@example.org>', subject: 'First of today', text: 'Good morning' });
  await expect(row(page, 'First of today')).toBeVisible();

  await row(page, 'First of today').hover();
  await page.mouse.wheel(0, 1200);
  const held = row(page, 'Order 35');
  await expect(held).toBeVisible();
  const before = (await held.boundingBox())!.y;
  await stage.deliver(box, { from: 'Lea <lea@example.org>', subject: 'Second of today', text: 'Me again' });
  const pill = page.getByRole('button', { name: t('mail.new_above', { count: 1 }) });
  await expect(pill).toBeVisible();
  expect(Math.abs((await held.boundingBox())!.y - before)).toBeLessThan(2);
  await pill.click();
  await expect(row(page, 'Second of today')).toBeInViewport();
  await expect(pill).toBeHidden();
});

test('marks and removals by another program show by themselves', async ({ page, stage }) => {
  const { service } = await house(page, stage, 3);
  await expect(rows(page)).toHaveCount(3);
  const id = await row(page, 'Order 0').getAttribute('data-message');
  await expect(row(page, 'Order 0')).toContainText(t('mail.mark.unread'));
  // Another tab of the same reader.
  const res = await page.request.put(`${service.url}/api/v1/messages/${id}/flags`, { data: { seen: true } });
  expect(res.status()).toBe(204);
  await expect(row(page, 'Order 0')).not.toContainText(t('mail.mark.unread'));
});

test('search finds, finds nothing, and ends', async ({ page, stage }) => {
  await house(page, stage, 12);
  await expect(rows(page)).toHaveCount(12);
  await page.keyboard.press('/');
  const box = page.getByRole('searchbox', { name: t('mail.search.label') });
  await expect(box).toBeFocused();
  await page.keyboard.type('Order 7');
  await expect(rows(page)).toHaveCount(1);
  await expect(row(page, 'Order 7')).toBeVisible();
  await expect(page).toHaveURL(/q=Order\+7/);
  await axe(page);
  await box.fill('nothing like this');
  await expect(page.getByText(t('mail.nothing.title'))).toBeVisible();
  await axe(page);
  await page.keyboard.press('Escape');
  await expect(rows(page)).toHaveCount(12);
});

test('only unread messages are shown when asked', async ({ page, stage }) => {
  await house(page, stage, 7);
  // The page shows it as read before the service knows.
  const told = page.waitForResponse((r) => r.request().method() === 'PUT' && r.url().endsWith('/flags'));
  await row(page, 'Order 6').click();
  await expect(row(page, 'Order 6')).not.toContainText(t('mail.mark.unread'));
  await told;
  await page.getByRole('button', { name: t('mail.filter_unread') }).click();
  await expect(rows(page)).toHaveCount(2);
  await expect(row(page, 'Order 3')).toBeVisible();
});

const newsletter = [
  'From: News <news@example.org>',
  'To: reader@example.com',
  'Subject: Pictures of the week',
  'MIME-Version: 1.0',
  'Content-Type: text/html; charset=utf-8',
  '',
  '<h1>Pictures</h1><p>Two of them.</p><img src="https://pictures.example/1.png" alt="one"><img src="https://pictures.example/2.png" alt="two">',
  '<script>document.title = "taken"</script>',
  '',
].join('\r\n');

test('HTML is shown in a sandbox, and images from elsewhere only when asked', async ({ page, stage, witness }) => {
  const { box } = await house(page, stage, 2);
  await stage.deliver(box, { raw: new TextEncoder().encode(newsletter) });
  await row(page, 'Pictures of the week').click();
  const frame = page.locator('iframe[tabindex="0"]');
  await expect(frame).toHaveAttribute('sandbox', 'allow-popups allow-popups-to-escape-sandbox');
  await expect(frame.contentFrame().getByRole('heading', { name: 'Pictures' })).toBeVisible();
  await expect(frame.contentFrame().locator('img[src^="http"]')).toHaveCount(0);
  await axe(page);

  witness.allow(/pictures\.example/);
  await page.context().route('https://pictures.example/**', (route) => route.abort());
  await page.getByRole('button', { name: t('mail.images.show', { count: 2 }) }).click();
  await expect(page.locator('iframe[tabindex="0"]')).toHaveAttribute('src', /remote=true/);
  await expect(
    page.locator('iframe[tabindex="0"]').contentFrame().locator('img[src^="https://pictures.example/"]'),
  ).toHaveCount(2);
});

test('what is read stays when the service is lost, and the list goes on when it is back', async ({
  page,
  stage,
  witness,
}) => {
  const { service, box } = await house(page, stage, 4);
  await row(page, 'Order 3').click();
  await expect(reading(page).getByRole('heading', { name: 'Order 3' })).toBeVisible();
  await expect.poll(() => marked(stage, box, 'Seen')).toBe('1 2 3');

  witness.allow(/ERR_CONNECTION|Failed to fetch|Failed to load|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE/);
  await service.stop();
  await expect(reading(page).getByRole('heading', { name: 'Order 3' })).toBeVisible();
  await expect(rows(page)).toHaveCount(4);
  await service.start();
  await stage.deliver(box, { from: 'Lea <lea@example.org>', subject: 'After the pause', text: 'Here' });
  await expect(row(page, 'After the pause')).toBeVisible({ timeout: 30_000 });
  await expect(reading(page).getByRole('heading', { name: 'Order 3' })).toBeVisible();
});

test('a phone shows one pane at a time, with a way back', async ({ page, stage }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await house(page, stage, 5);
  await expect(rows(page)).toHaveCount(5);
  await axe(page);
  await row(page, 'Order 2').click();
  await expect(reading(page).getByRole('heading', { name: 'Order 2' })).toBeVisible();
  await expect(rows(page)).toHaveCount(0);
  await axe(page);
  await page.getByRole('link', { name: t('mail.back') }).click();
  await expect(rows(page)).toHaveCount(5);
  await page.getByRole('link', { name: t('mail.folders') }).click();
  await expect(page.getByRole('link', { name: /^Sent/ })).toBeVisible();
  await expect(rows(page)).toHaveCount(0);
  await axe(page);
  await page.getByRole('link', { name: /^Inbox/ }).click();
  await expect(rows(page)).toHaveCount(5);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(wide).toBeLessThanOrEqual(390);
});

test('the panes are drawn wider by keyboard, and stay so', async ({ page, stage }) => {
  await house(page, stage, 1);
  const separator = page.getByRole('separator', { name: t('mail.separator.list') });
  await separator.focus();
  await page.keyboard.press('ArrowRight');
  await expect(separator).toHaveAttribute('aria-valuenow', '416');
  await page.reload();
  await expect(separator).toHaveAttribute('aria-valuenow', '416');
});

test('without a mailbox there is one thing to do', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  await signIn(page, service);
  await page.goto(service.url + '/mail');
  await expect(page.getByText(t('mail.none.title'))).toBeVisible();
  await expect(page.getByRole('main').getByRole('link', { name: t('mail.none.action') })).toHaveAttribute(
    'href',
    '/connect',
  );
  await axe(page);
});
