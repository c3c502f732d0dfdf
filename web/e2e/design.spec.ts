import { axeOf } from './axe.ts';
import { axe, expect, test } from './fixtures.ts';

for (const [theme, width] of [
  ['light', 1280],
  ['dark', 390],
] as const)
  test(`${theme}, ${width} px: every state can be perceived`, async ({ page, stage }) => {
    test.slow(); // axe looks at some 3,000 elements
    const service = await stage.service();
    await page.setViewportSize({ width, height: 800 });
    await page.goto(`${service.url}/design?theme=${theme}`);
    await expect(page.locator('[data-story]').last()).toBeVisible();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide, 'width of the page').toBeLessThanOrEqual(width);
    await axe(page);

    const layers = async (layer: string) => {
      await expect(page.locator(layer)).toBeVisible();
      await axeOf(page, layer);
      await page.keyboard.press('Escape');
    };
    await page.locator('[data-story=Menu]').getByRole('button', { name: 'Actions' }).click();
    await layers('[role=menu]:popover-open');
    await page.locator('[data-story=Dialog]').getByRole('button', { name: 'Small dialog' }).click();
    await layers('dialog');
    await page.locator('[data-story=Sheet]').getByRole('button').click();
    await layers('dialog');
    await page.locator('[data-story=toast]').getByRole('button', { name: 'With undo' }).click();
    await layers('section[popover]:popover-open');
  });

test('the pieces that are ours speak every language', async ({ page, stage }) => {
  const service = await stage.service();
  for (const [language, word] of Object.entries({ it: 'Accesso', ru: 'Вход', es: 'Inicio de sesión' })) {
    await page.goto(`${service.url}/design?lang=${language}`);
    await expect(page.locator('[data-story=Report]').getByText(word, { exact: true }).first()).toBeVisible();
    await expect(page.locator('main')).not.toContainText(/\bui\.\w/);
  }
});

test('a menu is used by keyboard alone', async ({ page, stage }) => {
  const service = await stage.service();
  await page.goto(`${service.url}/design`);
  const menus = page.locator('[data-story=Menu]');
  const button = menus.getByRole('button', { name: 'More' });
  await button.focus();
  await expect(button).toHaveAttribute('aria-haspopup', 'menu');
  await expect(button).toHaveAttribute('aria-expanded', 'false');
  await page.keyboard.press('Enter');
  const item = (name: string) => menus.getByRole(/^Show/.test(name) ? 'menuitemcheckbox' : 'menuitem', { name });
  await expect(item('Reply')).toBeFocused();
  await expect(button).toHaveAttribute('aria-expanded', 'true');
  await page.keyboard.press('ArrowUp');
  await expect(item('Delete'), 'the end follows the start').toBeFocused();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(item('Show threads'), 'what cannot be chosen is passed').toBeFocused();
  await page.keyboard.press('d');
  await expect(item('Delete')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(button).toBeFocused();
  await expect(page.locator('[role=menu]:popover-open')).toHaveCount(0);

  await page.keyboard.press('ArrowUp');
  await expect(item('Delete')).toBeFocused();
  await page.keyboard.press('s');
  await page.keyboard.press('Enter');
  await expect(button).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(item('Show threads')).toHaveAttribute('aria-checked', 'false');

  // Keys that follow each other faster than the browser tells of the menu.
  await button.evaluate((b: HTMLElement) => {
    document.activeElement!.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    b.click();
  });
  await expect(item('Reply')).toBeFocused();
  await button.evaluate((b: HTMLElement) => b.click());
  await expect(button).toBeFocused();
  await button.evaluate((b: HTMLElement) => {
    b.click();
    b.click();
  });
  await expect(button).toHaveAttribute('aria-expanded', 'false');
  await expect(page.locator('[role=menu]:popover-open')).toHaveCount(0);
});

test('a dialog keeps the focus and gives it back', async ({ page, stage }) => {
  const service = await stage.service();
  await page.goto(`${service.url}/design`);
  const open = page.getByRole('button', { name: 'Large dialog' });
  await open.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Add a profile' });
  await expect(dialog.getByLabel('Name')).toBeFocused();
  for (let i = 0; i < 8; i++) {
    await page.keyboard.press('Tab');
    const outside = await page.evaluate(
      () => document.activeElement !== document.body && !document.activeElement!.closest('dialog'),
    );
    expect(outside, 'the focus left the dialog').toBe(false);
  }
  // A menu lies above it, and Esc closes one after the other.
  await dialog.getByRole('button', { name: 'A menu above a dialog' }).click();
  await dialog.getByRole('menuitem', { name: 'Send' }).hover();
  await page.keyboard.press('Escape');
  await expect(page.locator('[role=menu]:popover-open')).toHaveCount(0);
  await expect(dialog).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(open).toBeFocused();
});

test('a notice waits for who reads it, and takes back what was done', async ({ page, stage }) => {
  const service = await stage.service();
  await page.clock.install({ time: '2026-05-04T08:00:00Z' });
  await page.goto(`${service.url}/design`);
  await page.clock.pauseAt('2026-05-04T09:00:00Z');
  const story = page.locator('[data-story=toast]');
  const notices = page.getByRole('region', { name: 'Notices' }).getByRole('listitem');
  await story.getByRole('button', { name: 'With undo' }).click();
  await expect(notices).toHaveCount(1);
  await page.clock.runFor(9_000);
  await expect(notices).toHaveCount(1);
  await page.getByRole('button', { name: 'Undo', exact: true }).focus();
  await page.clock.runFor(60_000);
  await expect(notices, 'it stays while the focus is on it').toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(notices).toHaveCount(0);
  await expect(story.getByText('1', { exact: true })).toBeVisible();

  await story.getByRole('button', { name: 'Plain' }).click();
  await expect(notices).toHaveCount(1);
  await page.clock.runFor(6_100);
  await expect(notices).toHaveCount(0);
});

test('with reduced motion nothing moves', async ({ page, stage }) => {
  const service = await stage.service();
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto(`${service.url}/design`);
  await expect(page.locator('[data-story]').last()).toBeVisible();
  const moving = await page.evaluate(() =>
    document
      .getAnimations()
      .filter((a) => a.playState === 'running' && Number(a.effect?.getComputedTiming().duration) > 20)
      .map((a) => (a.effect as KeyframeEffect).target?.className),
  );
  expect(moving).toEqual([]);
});
