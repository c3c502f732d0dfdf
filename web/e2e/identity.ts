import { expect, type Page } from '@playwright/test';
import type { Service } from './stage.ts';

/** ownProvider makes the mail servers a provider of example.com. */
export async function ownProvider(page: Page, service: Service): Promise<string> {
  const { incoming, outgoing } = service;
  const data = { name: 'Firm mail', domains: ['example.com'], incoming: [incoming], outgoing: [outgoing] };
  const res = await page.request.post(service.url + '/api/v1/providers', { data });
  expect(res.status(), await res.text()).toBe(201);
  return ((await res.json()) as { id: string }).id;
}

/** register adds the app by which people sign in at the identity provider, without the page. */
export async function register(page: Page, service: Service): Promise<void> {
  const id = await ownProvider(page, service);
  const at = service.issuer;
  const data = {
    service: 'custom',
    name: 'Firm',
    client_id: 'mailstead',
    client_secret: "the app's secret",
    issuer: at,
    auth_url: at + '/auth',
    token_url: at + '/token',
    user_info_url: at + '/userinfo',
    scopes: ['mail', 'openid'],
    provider_ids: [id],
  };
  const res = await page.request.post(service.url + '/api/v1/oauth-apps', { data });
  expect(res.status(), await res.text()).toBe(201);
}
