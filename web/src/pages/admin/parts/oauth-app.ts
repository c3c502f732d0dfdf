import type { Schema } from '$lib/api/client';
import { t } from '$lib/i18n';

export type App = Schema<'OAuthApp'>;
export type Service = Schema<'OAuthService'>;
export type Kind = App['kind'];

export const custom = 'custom';

/** The fields of an app as its form holds them; lists are text, one item a line. */
export type AppFields = {
  service: string;
  kind: Kind;
  name: string;
  client_id: string;
  tenant: string;
  active: boolean;
  secret_expires: string;
  providers: string;
  scopes: string;
  issuer: string;
  auth_url: string;
  token_url: string;
  device_url: string;
  revoke_url: string;
  user_info_url: string;
};

/** The fields whose errors the form shows. */
export const shownFields = [
  'service',
  'kind',
  'name',
  'client_id',
  'client_secret',
  'tenant',
  'secret_expires',
  'provider_ids',
  'scopes',
  'issuer',
  'auth_url',
  'token_url',
  'device_url',
  'revoke_url',
  'user_info_url',
] as const;

export const appKey = (id: number): string => `oauth-app:${id}`;

export const fieldsOf = (a?: App, service = ''): AppFields => ({
  service: a?.service ?? service,
  kind: a?.kind ?? 'person',
  name: a?.name ?? '',
  client_id: a?.client_id ?? '',
  tenant: a?.tenant ?? '',
  active: a?.active ?? true,
  secret_expires: a?.secret_expires ?? '',
  providers: (a?.provider_ids ?? []).join('\n'),
  scopes: (a?.scopes ?? []).join('\n'),
  issuer: a?.issuer ?? '',
  auth_url: a?.auth_url ?? '',
  token_url: a?.token_url ?? '',
  device_url: a?.device_url ?? '',
  revoke_url: a?.revoke_url ?? '',
  user_info_url: a?.user_info_url ?? '',
});

const items = (text: string) => text.split(/[\s,]+/).filter(Boolean);

/** bodyOf is what the service is told of fields; what stays empty in a new app is known there. */
export function bodyOf(f: Partial<AppFields>, secret: string): Schema<'OAuthAppFields'> {
  const { providers, scopes, service: _service, kind: _kind, ...rest } = f;
  return {
    ...rest,
    ...(providers === undefined ? {} : { provider_ids: items(providers) }),
    ...(scopes === undefined ? {} : { scopes: items(scopes) }),
    ...(secret ? { client_secret: secret } : {}),
  };
}

export const kindLabel = (kind: Kind): string => t(`oauth.kind.${kind}`);

/** labelOf is the label of a field. */
export const labelOf = (key: keyof AppFields): string => t(`oauth.field.${key}`);
