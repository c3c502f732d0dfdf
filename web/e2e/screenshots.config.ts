import { defineConfig } from '@playwright/test';
import { launchOptions } from '../playwright.config.ts';

// Pictures of every page and state: make screenshots. PAGES=mail,compose (beginnings of names), LANGS=en,ru,
// THEMES=dark and WIDTHS=390 choose some.
export default defineConfig({
  testDir: '.',
  testMatch: 'screenshots.ts',
  outputDir: 'results/screenshots',
  fullyParallel: true,
  workers: 2,
  retries: 0,
  timeout: 3_600_000,
  reporter: 'list',
  globalSetup: './screenshots.setup.ts',
  use: { launchOptions, trace: 'off', video: 'off', screenshot: 'off' },
});
