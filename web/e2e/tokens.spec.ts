import { contrast, families, pairs } from '../src/pages/design/tokens.ts';
import { expect, test } from './fixtures.ts';

type Colour = [number, number, number];

for (const theme of ['light', 'dark'])
  test(`${theme}: every colour can be read on what lies under it`, async ({ page, stage }) => {
    const service = await stage.service();
    await page.goto(`${service.url}/design?theme=${theme}`);
    await expect(page.locator(`:root[data-theme=${theme}]`)).toBeAttached();
    const tokens = Object.values(families).flat();
    const measured = await page.evaluate((names) => {
      const probe = document.body.appendChild(document.createElement('span'));
      const read = (name: string): Colour => {
        probe.style.color = `var(--color-${name})`;
        const [r, g, b] = getComputedStyle(probe)
          .color.match(/[\d.]+/g)!
          .map(Number);
        return [r!, g!, b!];
      };
      return Object.fromEntries(names.map((name) => [name, read(name)]));
    }, tokens);
    const bad = pairs
      .map((p) => ({ ...p, ratio: contrast(measured[p.on]!, measured[p.under]!) }))
      .filter((p) => p.ratio < p.least)
      .map((p) => `${p.on} on ${p.under}: ${p.ratio.toFixed(2)} < ${p.least}`);
    expect(bad).toEqual([]);
    // A name that no token has would be black.
    const black = tokens.filter((name) => measured[name]!.every((v) => v === 0));
    expect(black, 'tokens without a colour').toEqual([]);
  });

test('a part of a page may have the other theme', async ({ page, stage }) => {
  const service = await stage.service();
  await page.goto(`${service.url}/design?theme=light`);
  const [whole, part] = await page.evaluate(() => {
    const inside = document.createElement('div');
    inside.dataset.theme = 'dark';
    inside.className = 'bg-surface';
    document.body.append(inside);
    return [getComputedStyle(document.documentElement), getComputedStyle(inside)].map((s) => s.backgroundColor);
  });
  expect(whole).not.toBe(part);
});
