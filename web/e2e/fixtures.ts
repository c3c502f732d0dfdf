import { expect, test as base, type Page } from '@playwright/test';
import { admin, Stage, type Mailbox, type Service } from './stage.ts';
import { Witness } from './witness.ts';

export { axe } from './axe.ts';
export { admin, expect };
export type { Mailbox, Service, Stage };

/**
 * test has a stage, which starts services and mail servers, and a witness, which fails the test for errors in the
 * console, unhandled errors, violations of the Content-Security-Policy, and requests that are not in the OpenAPI
 * document or leave the origin.
 */
export const test = base.extend<{ stage: Stage; witness: Witness }>({
  stage: async ({}, use, info) => {
    const stage = new Stage();
    await use(stage);
    for (const service of stage.services) {
      if (info.status !== info.expectedStatus)
        console.log(`log of ${service.url}:\n${(await service.log()).slice(-6000)}`);
      await service.remove();
    }
  },
  witness: [
    async ({ context, stage }, use) => {
      const witness = new Witness(context, () => stage.services.flatMap((s) => [s.url, s.issuer]));
      await witness.watch();
      await use(witness);
      // An answer that a test still holds back must not wait for a service that is gone.
      for (const page of context.pages()) await page.unrouteAll({ behavior: 'ignoreErrors' });
      if (witness.used.size > 0) await stage.used([...witness.used]);
      expect(witness.problems, 'what the browser has to say').toEqual([]);
    },
    { auto: true },
  ],
});

/** signIn signs the browser of a page in, without the page. */
export async function signIn(
  page: Page,
  service: Service,
  who: { name?: string; email: string; password: string } = admin,
): Promise<void> {
  const res = await page.request.post(service.url + '/api/v1/session', {
    data: { email: who.email, password: who.password },
  });
  expect(res.status(), await res.text()).toBe(201);
}

/** connect connects a mailbox for whom the browser is signed in as, without the page, and returns the account's id. */
export async function connect(
  page: Page,
  service: Service,
  box: Mailbox,
  options: { name?: string; wait?: number; servers?: boolean } = {},
): Promise<number> {
  const { incoming, outgoing } = service;
  const res = await page.request.post(service.url + '/api/v1/connect/save', {
    data: {
      address: box.address,
      password: box.password,
      display_name: options.name ?? 'Ada Marsh',
      ...(options.servers
        ? {
            incoming: { host: incoming.host, port: incoming.port, security: incoming.security },
            outgoing: { host: outgoing.host, port: outgoing.port, security: outgoing.security },
          }
        : {}),
    },
    timeout: 30_000,
  });
  expect(res.status(), await res.text()).toBe(201);
  const { account } = (await res.json()) as { account: { id: number } };
  if (options.wait) await loaded(page, service, account.id, options.wait);
  return account.id;
}

/** loaded waits until so many mails of an account's inbox are in the service. */
export async function loaded(page: Page, service: Service, account: number, mails: number): Promise<void> {
  await expect
    .poll(
      async () => {
        const res = await page.request.get(`${service.url}/api/v1/accounts/${account}/folders`);
        const { items } = (await res.json()) as { items: { role: string; total: number }[] };
        return items.find((f) => f.role === 'inbox')?.total ?? 0;
      },
      { timeout: 120_000, intervals: [100, 250, 500, 1000] },
    )
    .toBeGreaterThanOrEqual(mails);
}
