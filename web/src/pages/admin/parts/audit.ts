import { api, call, type Schema } from '$lib/api/client';
import { csv } from '$lib/csv';
import { has, t } from '$lib/i18n';
import { serverText } from '../../settings/shared/server';

export type Entry = Schema<'AuditEntry'>;
export type Change = Schema<'AuditChange'>;

/** The filters of the audit as they stand in the address; "" is no limit. */
export interface Filters {
  /** The id of a user, or "operator". */
  actor: string;
  action: string;
  kind: string;
  /** The identifier of one object of the kind. */
  object: string;
  /** Days such as "2026-11-22", both included. */
  from: string;
  to: string;
}

// All there are: a new one must stand here, or the pages do not build.
export const kinds = keys<Entry['object']['kind']>({
  user: true,
  profile: true,
  token: true,
  account: true,
  domain: true,
  provider: true,
  network: true,
  policies: true,
  template: true,
  oauth_app: true,
  trust: true,
  record: true,
  record_type: true,
  demo: true,
});
export const actions = keys<Entry['action']>({
  setup: true,
  'signin.lock': true,
  'user.create': true,
  'user.update': true,
  'user.password': true,
  'user.default_account': true,
  'profile.create': true,
  'profile.delete': true,
  'token.create': true,
  'token.delete': true,
  'account.connect': true,
  'account.create': true,
  'account.update': true,
  'account.password': true,
  'account.disconnect': true,
  'account.delete': true,
  'account.restore': true,
  'account.purge': true,
  'assignment.create': true,
  'assignment.delete': true,
  'system_account.set': true,
  'password_link.create': true,
  'password_link.use': true,
  'password_link.close': true,
  'domain.put': true,
  'domain.learn': true,
  'domain.approve': true,
  'domain.reject': true,
  'domain.delete': true,
  'provider.create': true,
  'provider.update': true,
  'provider.hide': true,
  'provider.delete': true,
  'policies.update': true,
  'account.sign_in': true,
  'oauth_app.create': true,
  'oauth_app.update': true,
  'oauth_app.delete': true,
  'trust.create': true,
  'trust.delete': true,
  'template.create': true,
  'template.update': true,
  'template.delete': true,
  'record_type.put': true,
  'record_type.delete': true,
  'record.delete': true,
  'mail.link': true,
  'mail.unlink': true,
  'demo.add': true,
  'demo.remove': true,
});

function keys<K extends string>(all: Record<K, true>): K[] {
  return Object.keys(all) as K[];
}

/** filtersOf reads the filters from the address and leaves out what is none. */
export function filtersOf(query: URLSearchParams): Filters {
  const of = (name: string, fits: (text: string) => boolean) => {
    const text = query.get(name) ?? '';
    return fits(text) ? text : '';
  };
  const day = (text: string) => /^\d{4}-\d\d-\d\d$/.test(text) && !isNaN(Date.parse(text));
  const kind = of('kind', (k) => kinds.some((known) => known === k));
  return {
    actor: of('actor', (a) => /^\d{1,15}$/.test(a) || a === 'operator'),
    action: of('action', (a) => actions.some((known) => known === a)),
    kind,
    object: kind ? of('object', (o) => o.length <= 320) : '',
    from: of('from', day),
    to: of('to', day),
  };
}

/** fetchAudit reads a page of the audit. */
export function fetchAudit(f: Filters, limit: number, cursor?: string, signal?: AbortSignal) {
  const start = (day: string, plus = 0) => {
    if (!day) return undefined;
    const at = new Date(`${day}T00:00:00`);
    at.setDate(at.getDate() + plus);
    return at.toISOString();
  };
  const query = {
    limit,
    cursor,
    actor: Number(f.actor) || undefined,
    operator: f.actor === 'operator' || undefined,
    action: (f.action || undefined) as Entry['action'] | undefined,
    kind: (f.kind || undefined) as Entry['object']['kind'] | undefined,
    object: f.object || undefined,
    from: start(f.from),
    to: start(f.to, 1),
  };
  return call(api.GET('/audit', { params: { query }, signal }));
}

const word = (key: string, otherwise: string) => (has(key) ? t(key) : otherwise);

export const actionWord = (action: string) => word(`audit.action.${action.replaceAll('.', '_')}`, action);
export const fieldWord = (field: string) => word(`audit.field.${field.replaceAll('.', '_')}`, field);

/** whoWord says who did it, in one line. */
export function whoWord(e: Entry): string {
  const name = e.actor_name || (e.operator ? t('audit.operator') : t('audit.nobody'));
  return [
    name,
    e.operator && e.actor_id ? t('audit.on_behalf') : '',
    e.token_id ? t('audit.token', { id: String(e.token_id) }) : '',
  ]
    .filter(Boolean)
    .join(', ');
}

/** objectWord names the object; what has no name is said by its kind. */
export function objectWord({ kind, id, name }: Entry['object']): string {
  if (name) return name;
  return kind === 'user' && !id ? t('audit.unknown_address') : `${t(`audit.kind.${kind}`)} ${id ?? ''}`.trim();
}

/** objectLink is where the object is looked at, "" when it is gone or has no page. */
export function objectLink(e: Entry): string {
  const { kind, id } = e.object;
  if (!id || (e.action.endsWith('.delete') && e.action !== 'assignment.delete')) return '';
  switch (kind) {
    case 'user':
    case 'account':
      return `/admin/${kind}s/${id}`;
    case 'domain':
      return `/admin/domains?q=${encodeURIComponent(id)}`;
    case 'record':
      return `/records/${id}`;
    case 'record_type':
      return '/admin/record-types';
    case 'profile':
      return '/admin/profiles';
    case 'token': {
      const user = e.changes.find((c) => c.field === 'user_id')?.after;
      return typeof user === 'number' ? `/admin/users/${user}` : '';
    }
    default:
      return '';
  }
}

/** shownChanges leaves out ids whose names are told as well. */
export function shownChanges(e: Entry): Change[] {
  const fields = new Set(e.changes.map((c) => c.field));
  return e.changes.filter((c) => !(c.field.endsWith('_id') && fields.has(c.field.slice(0, -3))));
}

/** isSecret tells that a change is told by the name of its field alone. */
export const isSecret = (c: Change) => c.before === undefined && c.after === undefined;

/** valueWord is a value as people read it; names says those of users by their ids. */
export function valueWord(field: string, value: unknown, names: ReadonlyMap<number, string>): string {
  if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0))
    return t('audit.nothing_there');
  if (typeof value === 'boolean') return t(value ? 'audit.yes' : 'audit.no');
  if (typeof value === 'number')
    return ((field === 'owner_id' || field === 'user_id') && names.get(value)) || String(value);
  if (Array.isArray(value)) return value.map((v) => valueWord(field, v, names)).join(', ');
  if (typeof value === 'object' && value && 'host' in value) return serverText(value as Schema<'Server'>);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** table writes entries as CSV whose columns are words of the API. */
export function table(entries: Entry[]): string {
  return csv(
    'id at actor_id actor_name operator token_id action object_kind object_id object_name changes'.split(' '),
    entries.map((e) =>
      [
        e.id,
        e.at,
        e.actor_id ?? '',
        e.actor_name ?? '',
        e.operator ?? false,
        e.token_id ?? '',
        e.action,
        e.object.kind,
        e.object.id ?? '',
        e.object.name ?? '',
        JSON.stringify(e.changes),
      ].map(String),
    ),
  );
}
