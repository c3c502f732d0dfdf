import { axe, expect, signIn, test } from './fixtures.ts';
import { words } from './words.ts';

const t = words('en');

test('a certificate that nobody vouches for is shown, trusted for its server, and trusted no longer', async ({
  page,
  stage,
}) => {
  const service = await stage.service({ admin: true, certificate: 'untrusted' });
  const box = await stage.mailbox({ certificate: 'untrusted' });
  await signIn(page, service);
  await page.goto(service.url + '/admin/trusted-servers');
  await expect(page.getByText(t('trust.empty'))).toBeVisible();
  await page.goto(service.url + '/connect');
  await page.getByLabel(t('connect.address.label')).fill(box.address);
  await page.keyboard.press('Enter');
  await page.getByLabel(t('connect.password.password'), { exact: true }).fill(box.password);
  await page.getByRole('button', { name: t('connect.test') }).click();
  for (const side of ['incoming', 'outgoing']) {
    const report = page.getByRole('group', { name: t(`ui.report.${side}`) });
    await report.getByText(t('trust.chain')).click();
    await expect(report.getByText('mail.example.com').first()).toBeVisible();
    await report.getByRole('button', { name: t('trust.add') }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: t('trust.add') }).click();
    await expect(dialog.getByText(t('errors.input.trust_reason.cause'))).toBeVisible();
    await dialog.getByLabel(t('trust.reason')).fill('Our own server');
    if (side === 'incoming') await axe(page, 'the question of trust');
    await dialog.getByRole('button', { name: t('trust.add') }).click();
    await expect(dialog).toBeHidden();
  }
  await page.getByRole('button', { name: t('connect.test') }).click();
  await expect(page.getByText(t('connect.all_works'))).toBeVisible();
  await page.goto(service.url + '/admin/trusted-servers');
  await expect(page.getByRole('row')).toHaveCount(3);
  await axe(page, 'trusted servers');
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/trusted.png` });
  await page
    .getByRole('button', { name: t('trust.delete') })
    .first()
    .click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: t('trust.delete') })
    .click();
  await expect(page.getByRole('row')).toHaveCount(2);
});
