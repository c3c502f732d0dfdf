import { createServer, request as send, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { admin, axe, expect, test, type Service } from './fixtures.ts';
import { words } from './words.ts';

const t = words('en');
const path = '/apps/mail-stead';

/** proxy lets in what is below path alone, and notes what else was asked for. handsOn keeps the path in what it hands on. */
async function proxy(
  handsOn: boolean,
): Promise<{ url: string; server: Server; lead: (to: Service) => void; strays: string[] }> {
  const strays: string[] = [];
  let target: URL | undefined;
  const server = createServer((req, res) => {
    const url = req.url ?? '/';
    if (!target || !(url === path || url.startsWith(path + '/'))) {
      strays.push(url);
      res.writeHead(404).end();
      return;
    }
    const asked = send(
      {
        host: target.hostname,
        port: target.port,
        method: req.method,
        path: handsOn ? url : url.slice(path.length) || '/',
        headers: req.headers,
      },
      (from) => {
        res.writeHead(from.statusCode ?? 502, from.headers);
        from.pipe(res);
      },
    );
    asked.on('error', () => res.destroy());
    res.on('close', () => asked.destroy());
    req.pipe(asked);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  return { url, server, strays, lead: (to) => (target = new URL(to.url)) };
}

for (const handsOn of [true, false])
  test(`below a path of a proxy that ${handsOn ? 'hands it on' : 'takes it off'}`, async ({
    page,
    stage,
    context,
    witness,
  }) => {
    const way = await proxy(handsOn);
    // The proxy is the service here; strays tells of everything else.
    witness.allow(new RegExp(`another origin: \\w+ ${way.url}(/|$)`));
    try {
      const service = await stage.service({ admin: true, settings: { public_url: way.url + '/' } });
      way.lead(service);
      await page.goto(way.url + '/settings/security');
      await page.getByLabel(t('start.email')).fill(admin.email);
      await page.getByLabel(t('start.password'), { exact: true }).fill(admin.password);
      await page.keyboard.press('Enter');
      // Where the person wanted to go, below the path.
      await expect(page).toHaveURL(way.url + '/settings/security');
      await page.goto(way.url);
      await expect(page).toHaveURL(new RegExp(`^${way.url}/\\w+`));

      // Links lead there in this tab, in another one, and after a reload.
      await page.goto(way.url + '/admin/oauth-apps');
      const add = page.getByRole('link', { name: t('oauth.add') }).first();
      await add.hover();
      await expect(add).toHaveAttribute('href', `${path}/admin/oauth-apps/new`);
      const other = context.waitForEvent('page');
      await add.click({ modifiers: ['ControlOrMeta'] });
      const tab = await other;
      await expect(tab).toHaveURL(way.url + '/admin/oauth-apps/new');
      // The address that services send people back to is one that this proxy has.
      await expect(tab.getByText(way.url + '/oauth/callback').first()).toBeVisible();
      await tab.goto(way.url + '/oauth/callback?error=access_denied&state=x');
      await expect(tab.getByRole('heading', { level: 1 })).toBeVisible();
      await tab.close();
      await add.click();
      await expect(page).toHaveURL(way.url + '/admin/oauth-apps/new');
      await page.reload();
      await expect(page.getByText(way.url + '/oauth/callback').first()).toBeVisible();
      await page.goBack();
      await expect(page).toHaveURL(way.url + '/admin/oauth-apps');
      await axe(page);

      // The documentation of the API, and what it leads to.
      await page.goto(way.url + '/api/v1/docs');
      await page.getByRole('link', { name: /JSON/ }).click();
      await expect(page).toHaveURL(way.url + '/api/v1/openapi.json');
      expect(way.strays.filter((url) => url !== '/favicon.ico')).toEqual([]);
    } finally {
      way.server.closeAllConnections();
      way.server.close();
    }
  });
