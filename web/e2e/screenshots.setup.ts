import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

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

/** The pictures are taken of a demo, and of a service that nobody has set up. */
export default async function setup() {
  const dir = await mkdtemp(path.join(tmpdir(), 'mailstead-screenshots-'));
  const demo = await start(['demo', '--demo-live', '1h', '--listen', '127.0.0.1:0'], dir);
  const fresh = await start(['serve', '--data', path.join(dir, 'fresh'), '--listen', '127.0.0.1:0'], dir);
  process.env.DEMO_URL = demo.url;
  process.env.FRESH_URL = fresh.url;
  return async () => {
    for (const { child } of [demo, fresh]) {
      child.removeAllListeners('exit');
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGINT');
      await ended;
    }
    await rm(dir, { recursive: true, force: true });
  };
}
