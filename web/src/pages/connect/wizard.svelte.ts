import { untrack } from 'svelte';
import { api, call, type Schema } from '$lib/api/client';
import { lines } from '$lib/api/lines';
import { ApiError, fieldErrors, offline } from '$lib/api/problem';
import { t } from '$lib/i18n';
import { policies } from '$lib/policies.svelte';
import { go } from '$lib/router.svelte';
import { session } from '$lib/session.svelte';
import { signInFor } from '$lib/sign-in';
import { refused } from './faults';
import { blank, requestOf, type Step } from './form';
import { understand, type Side } from './server-text';
import { fromDiscovery, fromProvider, type Service } from './service';

const domainOf = (address: string) => address.slice(address.lastIndexOf('@') + 1);

/** A line of the answer of POST /connect/discover/follow. */
interface Followed {
  question?: Schema<'DiscoveryQuestion'>;
  result?: Schema<'DiscoveryResult'>;
}

/** A line of the answer of POST /connect/test/follow. */
interface FollowedTest {
  stage?: { side: Side; server: Schema<'Server'>; stage: Schema<'Stage'> };
  result?: Schema<'TestResult'>;
}

/** withStage is a report with one stage more; a side that goes on with another server begins anew. */
function withStage(
  report: Schema<'TestResult'> | undefined,
  { side, server, stage }: NonNullable<FollowedTest['stage']>,
): Schema<'TestResult'> {
  const before = report?.[side];
  const same = before && JSON.stringify(before.server) === JSON.stringify(server);
  const stages = [...(same ? before.stages : []), stage];
  return { ...report, ok: false, [side]: { ok: false, side, protocol: server.protocol, server, stages } };
}

/** wizard holds the one connection that is being made, for as long as the page lives. The password is nowhere else. */
class Wizard {
  form = $state(blank(session.user?.name));
  found = $state.raw<Schema<'DiscoveryResult'>>();
  /** What was asked of the network for it, in the order of the answers. */
  asked = $state.raw<Schema<'DiscoveryQuestion'>[]>([]);
  chosen = $state.raw<Schema<'Provider'>>();
  errors = $state.raw<Record<string, string>>({});
  /** An error that belongs to no field. */
  failure = $state.raw<unknown>();
  busy = $state<'' | 'discover' | 'test' | 'save' | 'sign-in'>('');
  report = $state.raw<Schema<'TestResult'>>();
  saved = $state.raw<Schema<'SavedAccount'>>();
  /** When too many tests were asked for: when the next is possible. */
  waitUntil = $state(0);

  #running: AbortController | undefined;
  #recognised = '';
  #person = session.user?.id;

  /** The address, cleaned by the service once it knows it. */
  get #address() {
    return this.found?.address ?? this.form.address;
  }

  readonly service = $derived.by((): Service | undefined => {
    if (this.chosen) return fromProvider(this.chosen, this.#address);
    return this.found && fromDiscovery(this.found);
  });

  /** The sides that the mailbox will have. */
  readonly sides = $derived.by((): Side[] => {
    const wanted = this.#wanted();
    return this.form.byHand ? wanted : wanted.filter((side) => this.service?.servers[side].length);
  });

  /** The login that the service usually takes, "" when it must be typed. */
  readonly usualLogin = $derived.by(() => {
    const server = this.sides.flatMap((side) => this.service?.servers[side] ?? [])[0];
    return this.form.byHand || !server ? this.#address : server.login;
  });

  readonly login = $derived.by(() => {
    const address = this.#address;
    switch (this.form.loginForm) {
      case 'usual':
        return this.usualLogin || this.form.login;
      case 'address':
        return address;
      case 'local':
        return address.slice(0, address.lastIndexOf('@'));
      case 'custom':
        return this.form.login;
    }
  });

  readonly ownOutgoing = $derived(this.form.outgoingSignIn === 'own' && this.sides.length === 2);
  readonly noSignIn = $derived(
    this.sides.includes('outgoing') &&
      (this.form.outgoingSignIn === 'none' || (!this.form.byHand && this.service?.open === true)),
  );

  /** Login and password are there: the connection can be tested. */
  readonly complete = $derived.by(() => {
    if (!this.sides.length || (this.foreign.length > 0 && !this.form.trusted)) return false;
    const signsIn = !(this.noSignIn && this.sides.length === 1);
    if (signsIn && (!this.login.trim() || !this.form.password)) return false;
    return !this.ownOutgoing || (this.form.outgoingLogin.trim() !== '' && this.form.outgoingPassword !== '');
  });

  /** The apps by which the person signs in on the provider's own page; servers typed by hand have none. */
  readonly offers = $derived(this.form.byHand ? [] : (this.service?.offers ?? []));
  /** The password is asked for here. */
  readonly asksPassword = $derived(!this.offers.length || (this.service?.password && this.form.usePassword));

  /** The domains of servers that nobody vouches for but the domain of the address. */
  readonly foreign = $derived(this.form.byHand || this.chosen ? [] : (this.found?.foreign ?? []));

  /** A server typed by hand is used without encryption. */
  readonly plain = $derived(
    this.form.byHand &&
      this.sides.some((side) => {
        const means = understand(this.form[side].text, side, this.form[side].security, this.form.reading);
        return typeof means === 'object' && means.tries[0]!.security === 'none';
      }),
  );

  /** Whether a step has what it needs of the steps before it. */
  reached(step: Step): boolean {
    if (step === 'address') return true;
    if (step === 'done') return this.saved !== undefined;
    if (!this.found || this.saved) return false;
    if (step === 'problem') return !!this.service?.problem;
    if (step === 'sign-in') return this.sides.length > 0;
    return true;
  }

  show(step: Step): void {
    go(step === 'address' ? '/connect' : `/connect?step=${step}`);
  }

  /** before is where Back and Esc lead, "" out of the wizard. */
  before(step: Step): Step | '' {
    if (step === 'address' || step === 'done') return '';
    if (step === 'choose') return 'address';
    if (step === 'problem') return this.chosen ? 'choose' : 'address';
    if (step === 'servers') return this.service?.servers.incoming.length ? 'sign-in' : 'choose';
    return this.form.byHand ? 'servers' : this.chosen ? 'choose' : 'address';
  }

  /** changed forgets what was said about a field that is being corrected. */
  changed(...fields: string[]): void {
    if (fields.some((field) => field in this.errors))
      this.errors = Object.fromEntries(Object.entries(this.errors).filter(([field]) => !fields.includes(field)));
  }

  /** discover recognises the address and goes on to the step that follows from it. */
  async discover(): Promise<void> {
    const address = this.form.address.trim();
    const found = await this.#ask('discover', (signal) => this.#follow(address, signal));
    if (!found) return;
    // Another address is another mailbox: what was chosen for the one before does not hold.
    if (this.#recognised && this.#recognised !== found.address) this.#forgetChoice();
    // A password never goes along to the servers of another domain.
    if (this.#recognised && domainOf(this.#recognised) !== domainOf(found.address))
      this.form.password = this.form.outgoingPassword = '';
    this.#recognised = found.address;
    this.found = found;
    this.#next();
  }

  /** #follow hears of every question to the network until the answer is there. */
  async #follow(address: string, signal: AbortSignal): Promise<Schema<'DiscoveryResult'>> {
    this.asked = [];
    const body = await call(api.POST('/connect/discover/follow', { body: { address }, signal, parseAs: 'stream' }));
    try {
      for await (const line of lines<Followed>(body as ReadableStream<Uint8Array>)) {
        if (line.result) return line.result;
        if (line.question) this.asked = [...this.asked, line.question];
      }
    } catch (cause) {
      throw offline(cause);
    }
    throw offline(undefined);
  }

  choose(provider: Schema<'Provider'>): void {
    this.#forgetChoice();
    this.chosen = provider;
    this.#next();
  }

  /** added goes on with a provider that an administrator has just made for this address. */
  added(provider: Schema<'Provider'>): void {
    if (this.found && !this.saved) this.choose(provider);
    else this.show('address');
  }

  #forgetChoice(): void {
    this.chosen = undefined;
    this.report = undefined;
    this.errors = {};
    Object.assign(this.form, {
      byHand: false,
      reading: 'imap',
      loginForm: 'usual',
      plainReason: '',
      trusted: false,
      usePassword: false,
    });
  }

  #next(): void {
    const service = this.service;
    if (this.form.byHand) this.show('sign-in');
    else if (!service) this.show('choose');
    else if (service.problem) this.show('problem');
    else if (service.servers.incoming.length || service.servers.outgoing.length) this.show('sign-in');
    else this.show(policies.servers ? 'servers' : 'choose');
  }

  /** editServers lets the servers be typed, beginning with those that are known. */
  editServers(): void {
    for (const side of ['incoming', 'outgoing'] as const) {
      const known = this.service?.servers[side][0];
      if (!this.form[side].text && known) {
        this.form[side] = { text: `${known.host}:${known.port}`, security: known.security };
        if (known.protocol !== 'smtp') this.form.reading = known.protocol;
      }
    }
    this.show('servers');
  }

  /** useServers goes on with the servers that were typed, if every one of them makes sense. */
  useServers(): void {
    const errors: Record<string, string> = {};
    for (const side of this.#wanted()) {
      const means = understand(this.form[side].text, side, this.form[side].security, this.form.reading);
      if (!this.form[side].text.trim()) errors[`${side}.host`] = t('connect.typed.needed');
      else if (typeof means === 'string') errors[`${side}.host`] = t(`connect.typed.${means}`);
    }
    this.errors = errors;
    if (Object.keys(errors).length) return;
    this.form.byHand = true;
    this.report = undefined;
    this.show('sign-in');
  }

  #wanted(): Side[] {
    const { direction } = this.form;
    return direction === 'both' ? ['incoming', 'outgoing'] : direction === 'send' ? ['outgoing'] : ['incoming'];
  }

  /** What is asked of the service, as it is typed now. */
  request(): Schema<'ConnectRequest'> {
    return requestOf(this.form, {
      address: this.#address,
      providerID: this.chosen?.id,
      sides: this.sides,
      login: this.login,
      usualLogin: this.usualLogin,
      ownOutgoing: this.ownOutgoing,
      noSignIn: this.noSignIn,
      plain: this.plain,
    });
  }

  /** test signs in at both servers and stores nothing. */
  async test(): Promise<void> {
    this.report = undefined;
    const body = this.request();
    const report = await this.#ask('test', (signal) => this.#followTest(body, signal));
    this.report = report;
    if (!report) return;
    this.errors = refused(report, this.ownOutgoing);
  }

  /** #followTest hears of every stage as it ends, until the result is there. */
  async #followTest(body: Schema<'ConnectRequest'>, signal: AbortSignal): Promise<Schema<'TestResult'>> {
    const stream = await call(api.POST('/connect/test/follow', { body, signal, parseAs: 'stream' }));
    try {
      for await (const { stage, result } of lines<FollowedTest>(stream as ReadableStream<Uint8Array>)) {
        if (result) return result;
        if (stage) this.report = withStage(this.report, stage);
      }
    } catch (cause) {
      throw offline(cause);
    }
    throw offline(undefined);
  }

  /** save tests and stores the account; loading begins at once. */
  async save(): Promise<void> {
    this.report = undefined;
    const body = this.request();
    const saved = await this.#ask('save', (signal) => call(api.POST('/connect/save', { body, signal })));
    if (!saved) return;
    this.form.password = this.form.outgoingPassword = '';
    this.saved = saved;
    go('/connect?step=done', { replace: true });
  }

  /** signIn leads to the provider's own page; what follows is done by /oauth/callback. */
  async signIn(app: number): Promise<void> {
    this.report = undefined;
    const body = { ...this.request(), password: undefined, outgoing_password: undefined, app_id: app };
    await this.#ask('sign-in', (signal) => signInFor(body, signal));
  }

  /** begin forgets what another person has typed. */
  begin(person: number | undefined): void {
    if (person === this.#person) return;
    this.#person = person;
    this.reset();
  }

  /** stop gives up what is being asked. */
  stop(): void {
    this.#running?.abort();
  }

  reset(): void {
    this.stop();
    this.form = blank(session.user?.name);
    this.found = this.chosen = this.report = this.saved = this.failure = undefined;
    this.errors = {};
    this.#recognised = '';
  }

  async #ask<T>(
    what: 'discover' | 'test' | 'save' | 'sign-in',
    request: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    if (this.busy) return undefined;
    const mine = (this.#running = new AbortController());
    this.busy = what;
    this.errors = {};
    this.failure = undefined;
    try {
      return await request(mine.signal);
    } catch (e) {
      if (!mine.signal.aborted) this.#refused(e);
      return undefined;
    } finally {
      this.busy = '';
    }
  }

  #refused(e: unknown): void {
    if (e instanceof ApiError && e.reports) {
      this.report = e.reports;
      this.errors = { ...fieldErrors(e), ...refused(e.reports, this.ownOutgoing) };
      return;
    }
    if (e instanceof ApiError && e.status === 429) this.waitUntil = Date.now() + (e.retryAfter || 60) * 1000;
    this.errors = fieldErrors(e);
    if (!Object.keys(this.errors).length) this.failure = e;
  }
}

export const wizard = new Wizard();

// Who signs out leaves no password behind.
$effect.root(() => {
  $effect(() => {
    const person = session.user?.id;
    untrack(() => wizard.begin(person));
  });
});
