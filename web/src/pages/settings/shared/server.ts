import type { Schema } from '$lib/api/client';
import { t } from '$lib/i18n';

type Security = Schema<'Server'>['security'];

export const securities: Security[] = ['automatic', 'tls', 'starttls', 'none'];

/** securityOptions are the ways to protect a connection, for a Select. */
export const securityOptions = (which: Security[] = securities) =>
  which.map((value) => ({ value, label: t(`settings.security.${value}`) }));

/** serverText is a server as people write it: "imap.example.com:993". */
export const serverText = (s: { host: string; port: number }): string => `${s.host}:${s.port}`;

const usual: Record<'incoming' | 'outgoing', Record<Security, number>> = {
  incoming: { automatic: 0, tls: 993, starttls: 143, none: 143 },
  outgoing: { automatic: 0, tls: 465, starttls: 587, none: 25 },
};

const pop3: Record<Security, number> = { automatic: 0, tls: 995, starttls: 110, none: 110 };

/** usualPort is the port that goes with a protection, 0 where the service finds out. */
export const usualPort = (
  side: 'incoming' | 'outgoing',
  security: Security,
  protocol: Schema<'Server'>['protocol'] = 'imap',
): number => (side === 'incoming' && protocol === 'pop3' ? pop3[security] : usual[side][security]);
