import { chromium, type Browser, type BrowserContext, type Frame, type Page } from '@playwright/test';
import { readdirSync, readFileSync } from 'node:fs';
import { wholeChromium } from '../playwright.config.ts';
import { connect, expect, loaded, signIn, test, type Mailbox, type Service, type Stage } from './fixtures.ts';
import { contacts } from './netlog.ts';
import { Trap } from './trap.ts';

// The letters in hostile/ want to run scripts, to tell on their reader and to take the window elsewhere; all of them
// call trap.example, whose server stands here.
const dir = new URL('hostile/', import.meta.url);
const letters = readdirSync(dir)
  .sort()
  .map((file) => ({ number: file.slice(0, 2), file, text: readFileSync(new URL(file, dir), 'utf8') }));

/** Everything that shows that a letter got its way. */
class Alarm {
  readonly rung: string[] = [];

  watch(context: BrowserContext): void {
    context.on('dialog', (d) => {
      this.rung.push(`dialog ${d.message()}`);
      void d.dismiss();
    });
    context.on('page', (p) => this.rung.push(`window ${p.url()}`));
    context.on('download', (d) => this.rung.push(`download ${d.url()}`));
    context.on('request', (r) => {
      if (new URL(r.url()).hostname.includes('trap')) this.rung.push(`request ${r.resourceType()} ${r.url()}`);
    });
    context.on('console', (m) => {
      if (m.text().startsWith('policy ')) this.rung.push(m.text());
    });
  }
}

/** open starts a browser with a network log, for which trap.example is at a port of this machine. */
function open(port: number, log: string): Promise<Browser> {
  const args = wholeChromium.args.filter((a) => !a.startsWith('--host-resolver-rules'));
  const rules = `MAP trap.example 127.0.0.1:${port}, MAP *.trap.example 127.0.0.1:${port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`;
  return chromium.launch({
    ...wholeChromium,
    args: [...args, `--host-resolver-rules=${rules}`, `--log-net-log=${log}`],
  });
}

interface Place {
  account: number;
  folder: number;
  /** Ids of the messages by the numbers of the letters. */
  messages: Map<string, number>;
}

async function place(page: Page, service: Service, account: number): Promise<Place> {
  const get = async <T>(path: string) => (await (await page.request.get(service.url + '/api/v1' + path)).json()) as T;
  const folders = await get<{ items: { id: number; role: string }[] }>(`/accounts/${account}/folders`);
  const folder = folders.items.find((f) => f.role === 'inbox')!.id;
  const list = await get<{ items: { id: number; subject: string }[] }>(
    `/accounts/${account}/messages?folder=${folder}&limit=100`,
  );
  return { account, folder, messages: new Map(list.items.map((m) => [m.subject.trim().slice(0, 2), m.id])) };
}

/** received gives a service, and a mailbox with all letters in it. */
async function received(stage: Stage): Promise<{ service: Service; box: Mailbox }> {
  const service = await stage.service({ admin: true });
  const box = await stage.mailbox();
  for (const { text } of letters)
    await stage.deliver(box, { raw: Buffer.from(text.replace(/\r?\n/g, '\r\n'), 'utf8') });
  return { service, box };
}

/** frameOf is the frame of a letter on the page, with its content. */
async function frameOf(page: Page, message: number, remote = false): Promise<Frame> {
  const src = `/api/v1/messages/${message}/html${remote ? '?remote=true' : ''}`;
  const element = await page.waitForSelector(`iframe[src="${src}"]`, { state: 'attached' });
  const frame = (await element.contentFrame())!;
  await frame.waitForURL('**' + src.replace('?', '\\?'));
  await frame.waitForLoadState('load');
  return frame;
}

/** marks are what no sanitised letter may hold. They are looked for in a page of their own, as reading is not showing. */
async function marks(page: Page, empty: Page, service: Service, message: number, remote: boolean): Promise<string[]> {
  const res = await page.request.get(`${service.url}/api/v1/messages/${message}/html${remote ? '?remote=true' : ''}`);
  expect(res.headers()['content-security-policy']).toMatch(/^sandbox [a-z- ]*; default-src 'none';/);
  expect(res.headers()['content-security-policy']).not.toMatch(/allow-(scripts|same-origin|top-navigation|forms)/);
  const body = (await res.text()).split('<body>')[1] ?? '';
  const found = await empty.evaluate((html) => {
    const bad: string[] = [];
    const forbidden =
      'script iframe frame frameset object embed applet form input button select textarea link meta base svg math template noscript video audio source track portal dialog';
    const document = new DOMParser().parseFromString(html, 'text/html');
    for (const e of document.body.querySelectorAll('*')) {
      if (forbidden.split(' ').includes(e.localName)) bad.push(`<${e.localName}>`);
      for (const { name, value } of e.attributes) {
        if (name.startsWith('on') || ['srcdoc', 'formaction', 'ping', 'background', 'poster', 'srcset'].includes(name))
          bad.push(`${e.localName} ${name}=${value.slice(0, 60)}`);
        if (name === 'href' && !/^(https?:|mailto:|tel:|#)/i.test(value.trim())) bad.push(`href=${value.slice(0, 60)}`);
        if (name === 'target' && value !== '_blank') bad.push(`target=${value}`);
      }
    }
    return bad;
  }, body);
  return found.filter((mark) => !(remote && mark.includes(' background=http')));
}

test.use({ trace: 'off', screenshot: 'off' });

test.describe('hostile mail', () => {
  test.describe.configure({ timeout: 240_000 });

  test('there are at least thirty letters', () => {
    expect(letters.length).toBeGreaterThanOrEqual(30);
  });

  test('without protection the letters do get their way', async ({}, info) => {
    const trap = new Trap();
    const port = await trap.open();
    const log = info.outputPath('net.json');
    let browser = await open(port, log);
    const successful = new Set<string>();
    try {
      for (const { number, text } of letters) {
        const [head, ...body] = text.split('\n\n');
        if (!/Content-Type: text\/html/.test(head!) || !/8bit/.test(head!)) continue;
        trap.pages.set(`/raw/${number}`, '<!doctype html>' + body.join('\n\n'));
        const context = await browser.newContext();
        const alarm = new Alarm();
        alarm.watch(context);
        const before = trap.visits.length;
        const page = await context.newPage();
        // The page may go elsewhere while it loads: that is the point.
        const came = () =>
          trap.visits.slice(before).filter((v) => !v.startsWith('/raw/') && v !== '/favicon.ico').length > 0;
        const worked = () => came() || alarm.rung.some((r) => r.startsWith('dialog'));
        // The page may go elsewhere while it loads: that is the point.
        await page.goto(`http://trap.example/raw/${number}`, { waitUntil: 'commit', timeout: 3000 }).catch(() => {});
        for (let i = 0; i < 20 && !worked(); i++) await page.waitForTimeout(50);
        if (worked()) successful.add(number);
        // Some letters bring the whole browser down when nothing holds them.
        await context.close().catch(() => {});
        if (!browser.isConnected()) browser = await open(port, log);
      }
    } finally {
      await browser.close();
      await trap.close();
    }
    console.log(`letters that work on an open page = ${successful.size} of ${letters.length}`);
    expect(successful.size).toBeGreaterThanOrEqual(20);
    expect(contacts(log, 'trap.example').length).toBeGreaterThan(20);
  });

  test('no letter runs a script, asks for anything or goes anywhere', async ({ stage }, info) => {
    const { service, box } = await received(stage);
    const trap = new Trap();
    const port = await trap.open();
    const log = info.outputPath('net.json');
    const browser = await open(port, log);
    const alarm = new Alarm();
    const problems: string[] = [];
    try {
      const context = await browser.newContext({ baseURL: service.url, viewport: { width: 1280, height: 800 } });
      await context.addInitScript(() =>
        addEventListener('securitypolicyviolation', (e) =>
          console.error(`policy ${e.effectiveDirective} stopped ${e.blockedURI} in ${location.href}`),
        ),
      );
      const page = await context.newPage();
      const empty = await browser.newPage();
      alarm.watch(context);
      await signIn(page, service);
      const account = await connect(page, service, box);
      await loaded(page, service, account, letters.length);
      const { folder, messages } = await place(page, service, account);
      expect(messages.size).toBe(letters.length);
      await page.goto(`${service.url}/mail/${account}/${folder}`);
      for (const { number, file } of letters) {
        const message = messages.get(number)!;
        const at = `${service.url}/mail/${account}/${folder}/${message}`;
        await page.evaluate((to) => {
          history.pushState(null, '', to);
          dispatchEvent(new PopStateEvent('popstate'));
        }, at);
        const before = alarm.rung.length;
        const frame = await frameOf(page, message);
        await expect(frame.locator('body')).toContainText(new RegExp(`Letter ${number}|Click to continue|second page`));
        // Whoever moves the pointer over a letter has not asked for anything either.
        await page.locator(`iframe[src*="/messages/${message}/"]`).first().hover({ force: true });
        await page.mouse.wheel(0, 400);
        for (const mark of await marks(page, empty, service, message, false)) problems.push(`${file}: ${mark}`);
        const state = await page.evaluate(() => ({ ran: (window as { ran?: string }).ran, frames: window.length }));
        if (state.ran !== undefined) problems.push(`${file}: a script ran`);
        if (page.url() !== at) problems.push(`${file}: the page went to ${page.url()}`);
        if (!frame.url().endsWith(`/messages/${message}/html`))
          problems.push(`${file}: the frame went to ${frame.url()}`);
        if (frame.childFrames().length > 0) problems.push(`${file}: it holds frames`);
        problems.push(...alarm.rung.slice(before).map((r) => `${file}: ${r}`));
      }
      await context.close();
    } finally {
      await browser.close();
      await trap.close();
    }
    expect(problems).toEqual([]);
    expect(trap.visits).toEqual([]);
    expect(trap.connections).toBe(0);
    expect(contacts(log, 'trap.example'), "Chromium's network log").toEqual([]);
  });

  test('remote images that were asked for are all that a letter gets', async ({ stage }, info) => {
    const { service, box } = await received(stage);
    const trap = new Trap();
    const port = await trap.open();
    const browser = await open(port, info.outputPath('net.json'));
    const alarm = new Alarm();
    const problems: string[] = [];
    try {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
      const page = await context.newPage();
      const empty = await browser.newPage();
      alarm.watch(context);
      await signIn(page, service);
      const account = await connect(page, service, box);
      await loaded(page, service, account, letters.length);
      const { messages } = await place(page, service, account);
      await page.goto(service.url + '/settings');
      for (const { number, file } of letters) {
        const message = messages.get(number)!;
        const before = alarm.rung.length;
        for (const mark of await marks(page, empty, service, message, true)) problems.push(`${file}: ${mark}`);
        await page.evaluate((id) => {
          document.querySelector('#letter')?.remove();
          const frame = document.createElement('iframe');
          frame.id = 'letter';
          frame.sandbox.add('allow-popups', 'allow-popups-to-escape-sandbox');
          frame.src = `/api/v1/messages/${id}/html?remote=true`;
          document.body.append(frame);
        }, message);
        const frame = await frameOf(page, message, true);
        if (!frame.url().endsWith('?remote=true')) problems.push(`${file}: the frame went to ${frame.url()}`);
        const bad = alarm.rung.slice(before).filter((r) => !r.startsWith('request image '));
        problems.push(...bad.map((r) => `${file}: ${r}`));
        if (await page.evaluate(() => (window as { ran?: string }).ran)) problems.push(`${file}: a script ran`);
      }
      await context.close();
    } finally {
      await browser.close();
      await trap.close();
    }
    expect(problems).toEqual([]);
    expect(trap.visits.length, 'images were asked for').toBeGreaterThan(0);
  });
});
