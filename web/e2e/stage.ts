/** The stage starts services and mail servers for a test: see stage_test.go, which is its other end. */

/** A mail server as the API has it. */
export interface Server {
  protocol: string;
  host: string;
  port: number;
  security: string;
}

export interface Mailbox {
  address: string;
  password: string;
}

/** A mail as it lies on the server. */
export interface StoredMail {
  text: string;
  flags: string;
}

export interface ServiceOptions {
  /** The first administrator (admin below) is there already. */
  admin?: boolean;
  /** example.com is not in the table of domains: the wizard has to ask for servers. */
  unknown?: boolean;
  /** What the mail servers show. */
  certificate?: 'valid' | 'expired' | 'wrong_name' | 'untrusted';
  /** Settings of the service by their names, such as {max_attachments: '1000'}. */
  settings?: Record<string, string>;
  args?: string[];
}

/** ok mends; cut ends connections; refuse also takes no new ones; slow delays half a second; hang answers nothing. */
export type Line = 'ok' | 'cut' | 'refuse' | 'slow' | 'hang';

/** The administrator of a service that was asked for with {admin: true}. */
export const admin = { name: 'Ada Marsh', email: 'ada@example.com', password: "ada's long password" };

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const stage = process.env.STAGE_URL;
  if (!stage)
    throw new Error('There is no stage: run "go test -count 1 -tags realservers -run TestBrowser ./web" in the root.');
  const res = await fetch(stage + path, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  if (!res.ok) throw new Error(`stage: ${method} ${path}: ${await res.text()}`);
  return (await res.json()) as T;
}

export class Service {
  constructor(
    readonly id: string,
    readonly url: string,
    /** What the service printed for the first administrator. */
    readonly setupToken: string,
    /** The mail servers, behind a line that can be broken. */
    readonly incoming: Server,
    readonly outgoing: Server,
    /** The incoming server by POP3, straight. */
    readonly pop3: Server,
    /** The identity provider: its address, behind which /auth, /token and /userinfo are. */
    readonly issuer: string,
  ) {}

  /** line breaks or mends the way to the mail servers. */
  line(mode: Line, side: 'incoming' | 'outgoing' | '' = '') {
    return ask('POST', `/services/${this.id}/line`, { mode, side });
  }
  /** stop ends the service itself; start brings it back at the same address. */
  stop() {
    return ask('POST', `/services/${this.id}/stop`, {});
  }
  start() {
    return ask('POST', `/services/${this.id}/start`, {});
  }
  log() {
    return ask<string>('GET', `/services/${this.id}/log`);
  }
  remove() {
    return ask('DELETE', `/services/${this.id}`);
  }
}

export class Stage {
  readonly services: Service[] = [];

  /** service starts Mailstead with an empty data directory. */
  service(options: ServiceOptions = {}): Promise<Service> {
    return this.start({ command: 'serve', ...options });
  }

  /** demo starts "mailstead demo". */
  demo(...args: string[]): Promise<Service> {
    return this.start({ command: 'demo', args });
  }

  private async start(request: object): Promise<Service> {
    const a = await ask<{
      id: string;
      url: string;
      setup_token: string;
      incoming: Server;
      outgoing: Server;
      pop3: Server;
      issuer: string;
    }>('POST', '/services', request);
    const service = new Service(a.id, a.url, a.setup_token, a.incoming, a.outgoing, a.pop3, a.issuer);
    this.services.push(service);
    return service;
  }

  /** mailbox makes a mailbox on the mail server with so many mails in its inbox: "Order 0" is the oldest. */
  mailbox(options: { mails?: number; certificate?: string } = {}): Promise<Mailbox> {
    return ask('POST', '/mailboxes', { mails: 0, ...options });
  }

  /** deliver lets one mail arrive in a mailbox; raw is a whole mail as it is. */
  async deliver(
    box: Mailbox,
    mail: { from?: string; subject?: string; text?: string; raw?: Uint8Array; folder?: string },
  ): Promise<void> {
    const { raw, ...rest } = mail;
    await ask('POST', `/mailboxes/${box.address}/mails`, {
      ...rest,
      ...(raw ? { raw: Buffer.from(raw).toString('base64') } : {}),
    });
  }

  /** mails are those that lie in a folder of the mail server. */
  mails(box: Mailbox, folder: string): Promise<StoredMail[]> {
    return ask('GET', `/mailboxes/${box.address}/${encodeURIComponent(folder)}`);
  }

  /** used tells which operations of the API the pages have used. */
  used(operations: string[]): Promise<unknown> {
    return ask('POST', '/used', operations);
  }
}
