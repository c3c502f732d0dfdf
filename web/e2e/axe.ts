import type { Result } from 'axe-core';
import { expect, type Page } from '@playwright/test';
import { readFileSync } from 'node:fs';

const source = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

// What these rules find is moderate or minor at most: it would not count.
const mild = [
  'region',
  'heading-order',
  'landmark-unique',
  'landmark-one-main',
  'landmark-no-duplicate-banner',
  'landmark-no-duplicate-contentinfo',
  'landmark-no-duplicate-main',
  'landmark-banner-is-top-level',
  'landmark-complementary-is-top-level',
  'landmark-contentinfo-is-top-level',
  'landmark-main-is-top-level',
  'page-has-heading-one',
];

/**
 * analyze is what axe has against the page as it is now, or against an element of it. The document gets axe once,
 * however often it is looked at. What fades in or moves is brought to its end first: contrast is judged of what stays.
 * A mail's own HTML is its author's: frames are left out.
 */
async function analyze(page: Page, element: string | undefined, off: string[]): Promise<Result[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(source);
  const found = await page.evaluate(
    async ([element, off]) => {
      const { axe } = window as unknown as { axe: typeof import('axe-core') };
      for (const moving of document.getAnimations()) {
        if (moving.effect?.getComputedTiming().endTime !== Infinity) moving.finish();
      }
      const { violations } = await axe.run(element ?? { exclude: [['iframe']] }, {
        iframes: false,
        resultTypes: ['violations'],
        rules: Object.fromEntries(off.map((rule) => [rule, { enabled: false }])),
      });
      return JSON.stringify(violations);
    },
    [element, off] as const,
  );
  return JSON.parse(found) as Result[];
}

/** axe fails for serious and critical violations of accessibility on the page as it is now. */
export async function axe(page: Page, what = page.url()): Promise<void> {
  const violations = await analyze(page, undefined, mild);
  const bad = violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .map(
      (v) =>
        `${v.id}: ${v.help}\n  ${v.nodes.map((n) => n.target.join(' ') + ': ' + n.html.slice(0, 200)).join('\n  ')}`,
    );
  expect(bad, 'accessibility of ' + what).toEqual([]);
}

/** axeOf fails for any violation within an element. */
export async function axeOf(page: Page, element: string): Promise<void> {
  expect(await analyze(page, element, []), element).toEqual([]);
}
