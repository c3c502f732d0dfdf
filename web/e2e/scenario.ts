/** What the scenarios of the products that Mailstead is measured by have in common. */
import { expect, signIn, type Mailbox, type Service } from './fixtures.ts';
import type { Page } from '@playwright/test';
import { words } from './words.ts';

export const t = words('en');

export const button = (page: Page, key: string, values = {}) =>
  page.getByRole('button', { name: t(key, values), exact: true });
export const link = (page: Page, key: string, values = {}) =>
  page.getByRole('link', { name: t(key, values), exact: true });

/** send asks the service for a change as whoever is signed in. */
export async function send<T = { id: number }>(
  page: Page,
  service: Service,
  method: 'POST' | 'PUT' | 'PATCH',
  path: string,
  data: object,
): Promise<T> {
  const res = await page.request.fetch(`${service.url}/api/v1${path}`, { method, data, timeout: 30_000 });
  expect(res.status(), await res.text()).toBeLessThan(300);
  return (await res.json().catch(() => ({}))) as T;
}

export interface Person {
  id: number;
  name: string;
  email: string;
  password: string;
}

/** person makes a user; an administrator must be signed in. */
export async function person(page: Page, service: Service, name: string, profiles: number[] = []): Promise<Person> {
  const who = { name, email: `${name.toLowerCase()}@people.example`, password: `the password of ${name}` };
  const { id } = await send(page, service, 'POST', '/users', who);
  if (profiles.length) await send(page, service, 'PATCH', `/users/${id}`, { profile_ids: profiles });
  return { id, ...who };
}

/** shared connects an account of the organisation. */
export async function shared(page: Page, service: Service, box: Mailbox, name: string): Promise<number> {
  const { incoming, outgoing } = service;
  const server = ({ host, port, security }: typeof incoming) => ({ host, port, security });
  const { account } = await send<{ account: { id: number } }>(page, service, 'POST', '/connect/save', {
    ...box,
    name,
    organisation: true,
    incoming: server(incoming),
    outgoing: server(outgoing),
  });
  return account.id;
}

/** provider adds a mail service of this name. */
export async function provider(page: Page, service: Service, name: string, more: object = {}): Promise<string> {
  const { id } = await send<{ id: string }>(page, service, 'POST', '/providers', {
    name,
    incoming: [service.incoming],
    outgoing: [service.outgoing],
    ...more,
  });
  return id;
}

/** address goes through the first step of the wizard as somebody. */
export async function address(page: Page, service: Service, who: Person, box: Mailbox): Promise<void> {
  await signIn(page, service, who);
  await page.goto(service.url + '/connect');
  await page.getByLabel(t('connect.address.label')).fill(box.address);
  await page.keyboard.press('Enter');
}

/** chooses takes a provider by hand. */
export async function chooses(page: Page, name: string): Promise<void> {
  await page.getByLabel(t('connect.choose.search')).fill(name);
  await page.getByRole('button', { name: new RegExp(`^${name}`) }).click();
}

/** password is the last step of the wizard. */
export async function password(page: Page, box: Mailbox): Promise<void> {
  await page.getByLabel(t('connect.password.password'), { exact: true }).fill(box.password);
  await button(page, 'connect.save').click();
  await expect(page.getByText(t('connect.done.title', { address: box.address }))).toBeVisible({ timeout: 30_000 });
}
