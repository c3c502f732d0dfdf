import { defineConfig } from '@playwright/test';

/**
 * The browser is Debian's Chromium without its windows, tabs and menus: half of the work. It speaks to nobody but the
 * service under test: no names resolve.
 */
export const launchOptions = {
  executablePath: '/usr/bin/chromium-headless-shell',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  ],
};

/** All of Chromium, for tests that measure, and for what the shell does not have. */
export const wholeChromium = { ...launchOptions, executablePath: '/usr/bin/chromium' };

// The stage of these tests is started by "go test -tags realservers ./web", see browser_test.go.
export default defineConfig({
  testDir: 'e2e',
  // Runs at the same time need places of their own.
  outputDir: process.env.RESULTS ?? 'e2e/results',
  testMatch: '*.spec.ts',
  fullyParallel: true,
  // They wait more than they compute.
  workers: 3,
  // Each test has servers and services of its own. One of all may need a second try, see browser_test.go; in the long
  // run none.
  retries: process.env.SOAK ? 0 : 1,
  // A machine that others share stands still for seconds at times: only what never comes is a failure.
  timeout: 120_000,
  expect: { timeout: 30_000 },
  forbidOnly: !!process.env.CI,
  reporter: 'list',
  use: {
    launchOptions,
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    timezoneId: 'Europe/Rome',
    // Recording costs a third of the time of a run.
    trace: process.env.TRACE ? 'retain-on-failure' : 'off',
    screenshot: 'only-on-failure',
    video: 'off',
    actionTimeout: 30_000,
    navigationTimeout: 30_000,
  },
});
