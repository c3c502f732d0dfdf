import { admin, axe, expect, signIn, test } from './fixtures.ts';

const policy = "default-src 'none'; script-src 'self'; style-src 'self'";

test('every page carries the policy, and keeps it', async ({ page, stage }) => {
  const service = await stage.service();
  for (const path of ['/', '/setup', '/mail/1/2/3', '/no/such/page']) {
    const res = await page.goto(service.url + path);
    expect(res?.status()).toBe(200);
    const headers = res!.headers();
    expect(headers['content-security-policy']).toContain(policy);
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers['cross-origin-opener-policy']).toBe('same-origin');
    await expect(page.locator('body')).toHaveText(/\p{L}/u);
  }
});

test('a fresh service asks for the first administrator', async ({ page, stage }) => {
  const service = await stage.service();
  await page.goto(service.url);
  await expect(page).toHaveURL(/\/setup$/);
  await axe(page);
});

test('assets are kept for a year and come compressed', async ({ page, stage }) => {
  const service = await stage.service();
  const assets: { url: string; cache?: string; encoding?: string; type?: string }[] = [];
  page.on('response', (res) => {
    const { pathname } = new URL(res.url());
    if (!pathname.startsWith('/assets/')) return;
    const h = res.headers();
    assets.push({ url: pathname, cache: h['cache-control'], encoding: h['content-encoding'], type: h['content-type'] });
  });
  await page.goto(service.url, { waitUntil: 'networkidle' });
  expect(assets.length).toBeGreaterThan(1);
  for (const a of assets) {
    expect(a.cache, a.url).toBe('public, max-age=31536000, immutable');
    if (/\.(js|css)$/.test(a.url)) expect(a.encoding, a.url).toMatch(/^(gzip|br)$/);
  }
});

test('an unknown address says so, signed in', async ({ page, stage }) => {
  const service = await stage.service({ admin: true });
  await signIn(page, service, admin);
  await page.goto(service.url + '/no/such/page');
  await expect(page.getByRole('link', { name: /mail/i }).first()).toBeVisible();
  await axe(page);
});
