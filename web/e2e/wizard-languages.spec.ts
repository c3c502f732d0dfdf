import type { Page } from '@playwright/test';
import { axe, expect, signIn, test } from './fixtures.ts';
import { register } from './identity.ts';
import { words } from './words.ts';

// The provider's certificate is issued by an authority of the tests, which the browser does not know.
test.use({ ignoreHTTPSErrors: true });

/** fits fails for what scrolls sideways, and for words that their place cuts off. */
async function fits(page: Page, what: string): Promise<void> {
  const found = await page.evaluate(() => {
    const root = document.documentElement;
    const cut = [...document.querySelectorAll<HTMLElement>('button, label, h1, h2, h3, summary')]
      .filter(
        (e) => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== 'visible',
      )
      .map((e) => e.innerText);
    return { sideways: root.scrollWidth > root.clientWidth, cut };
  });
  expect(found, what).toEqual({ sideways: false, cut: [] });
  if (process.env.PICTURES)
    await page.screenshot({
      path: `${process.env.PICTURES}/wizard-${what.replaceAll(/\W+/g, '-')}.png`,
      fullPage: true,
    });
}

for (const language of ['en', 'it', 'ru', 'es'] as const)
  test(`the wizard in ${language}: a known provider, an unknown domain, a sign-in at the provider, a broken server`, async ({
    page,
    stage,
  }) => {
    const t = words(language);
    const service = await stage.service({ admin: true, unknown: true });
    const box = await stage.mailbox();
    await signIn(page, service);
    await register(page, service);
    await page.addInitScript(
      (language) => localStorage.setItem('mailstead.preferences', JSON.stringify({ language })),
      language,
    );
    const ask = async (address: string) => {
      await page.goto(service.url + '/connect');
      await page.getByLabel(t('connect.address.label')).fill(address);
      await page.keyboard.press('Enter');
    };
    for (const width of [390, 1280]) {
      await page.setViewportSize({ width, height: 844 });
      const place = (name: string) => `${language} ${width} ${name}`;

      await ask('anna@gmail.com');
      await expect(page.getByRole('heading', { name: t('connect.sign_in.title.app') })).toBeVisible();
      await expect(page.getByText(t('connect.needs.app', { name: 'Gmail' }))).toBeVisible();
      await fits(page, place('known'));
      if (width === 390) await axe(page, place('known'));

      await ask('anna@nobody-knows.example');
      await expect(
        page.getByRole('heading', { name: t('connect.choose.unknown', { domain: 'nobody-knows.example' }) }),
      ).toBeVisible();
      await fits(page, place('unknown'));
      if (width === 390) await axe(page, place('unknown'));

      await ask(box.address);
      const button = page.getByRole('button', { name: t('oauth.with', { name: 'Firm' }) });
      await expect(button).toBeVisible();
      await fits(page, place('provider'));
      if (width === 390) await axe(page, place('provider'));
      await button.click();
      await page.getByRole('link', { name: 'Cancel' }).click();
      await expect(page.getByText(t('errors.oauth.denied.cause'))).toBeVisible();
      await fits(page, place('cancelled'));

      await service.line('refuse');
      await ask(box.address);
      await page.getByRole('button', { name: t('oauth.password_instead') }).click();
      await page.getByLabel(t('connect.password.password'), { exact: true }).fill(box.password);
      await page.getByRole('button', { name: t('connect.test') }).click();
      await expect(page.getByText(t('errors.net.refused.cause')).first()).toBeVisible();
      await fits(page, place('broken'));
      if (width === 390) await axe(page, place('broken'));
      await service.line('ok');
    }
  });
