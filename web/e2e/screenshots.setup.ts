import { request } from '@playwright/test';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fill, sizes } from './firm.ts';
import { admin } from './stage.ts';

const program = new URL('../../bin/mailstead', import.meta.url).pathname;

/** start runs the program until it says where it listens. */
function start(args: string[], cwd: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  return new Promise((done, fail) => {
    let log = '';
    child.stderr.on('data', (data: Buffer) => {
      log += data.toString();
      const url = /msg=listening url=(\S+)/.exec(log)?.[1];
      if (url) done({ child, url });
    });
    child.on('exit', () => fail(new Error(`mailstead ${args.join(' ')} ended:\n${log}`)));
    child.on('error', fail);
  });
}

/** house starts a service with its administrator and n of everything. */
async function house(data: string, n: number) {
  const input = admin.password + '\n';
  execFileSync(program, ['user', 'add', '--data', data, '--admin', '--name', admin.name, admin.email], { input });
  const started = await start(['serve', '--data', data, '--listen', '127.0.0.1:0'], path.dirname(data));
  const api = await request.newContext();
  await api.post(started.url + '/api/v1/session', { data: { email: admin.email, password: admin.password } });
  await fill(api, started.url, n);
  await api.dispose();
  return started;
}

/** The pictures are taken of a demo, of a service that nobody has set up, and of houses of several sizes. */
export default async function setup() {
  process.env.MAILSTEAD_DISCOVERY = 'false';
  const dir = await mkdtemp(path.join(tmpdir(), 'mailstead-screenshots-'));
  const demo = await start(['demo', '--demo-live', '1h', '--listen', '127.0.0.1:0'], dir);
  const fresh = await start(['serve', '--data', path.join(dir, 'fresh'), '--listen', '127.0.0.1:0'], dir);
  const started = [demo, fresh];
  if (/(^|[ ,])r/.test(process.env.PAGES ?? 'rows'))
    for (const n of sizes) {
      const one = await house(path.join(dir, `house${n}`), n);
      process.env[`HOUSE_${n}_URL`] = one.url;
      started.push(one);
    }
  process.env.DEMO_URL = demo.url;
  process.env.FRESH_URL = fresh.url;
  return async () => {
    for (const { child } of started) {
      child.removeAllListeners('exit');
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGINT');
      await ended;
    }
    await rm(dir, { recursive: true, force: true });
  };
}
