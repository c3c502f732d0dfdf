import type { BrowserContext, Request } from '@playwright/test';
import { readFileSync } from 'node:fs';

interface Operation {
  parameters?: { name: string; in: string }[];
}

const document = JSON.parse(
  readFileSync(new URL('../../api/testdata/openapi.golden.json', import.meta.url), 'utf8'),
) as { paths: Record<string, Record<string, Operation>> };

const paths = Object.entries(document.paths).map(([path, operations]) => ({
  path,
  pattern: new RegExp('^/api/v1' + path.replace(/\{\w+\}/g, '[^/]+') + '$'),
  operations,
}));

/** operationOf finds a request in the OpenAPI document, or says what is wrong with it. */
export function operationOf(method: string, url: URL): { name: string; wrong?: string } {
  const fitting = paths.find((p) => p.pattern.test(url.pathname));
  const operation = fitting?.operations[method.toLowerCase()];
  const name = `${method} ${fitting?.path ?? url.pathname}`;
  if (!operation) return { name, wrong: 'is not in the OpenAPI document' };
  const known = new Set(operation.parameters?.filter((p) => p.in === 'query').map((p) => p.name));
  const unknown = [...url.searchParams.keys()].filter((key) => !known.has(key));
  return unknown.length > 0 ? { name, wrong: `has no parameter ${unknown.join(', ')}` } : { name };
}

/** Witness watches all pages of a context: what went wrong in the browser, and what it asked for. */
export class Witness {
  readonly findings: string[] = [];
  readonly used = new Set<string>();
  readonly requests: string[] = [];
  private readonly allowed: RegExp[] = [];

  constructor(
    private readonly context: BrowserContext,
    private readonly origins: () => string[],
  ) {
    context.on('console', (m) => {
      if (m.type() !== 'error' && m.type() !== 'warning') return;
      // An answer that is an error is the page's to show; whether it does, its own test says.
      if (/^Failed to load resource: the server responded with a status of (4\d\d|502)/.test(m.text())) return;
      // Playwright's own watching of a mail's frame, which lets no script run: hostile.spec.ts has other witnesses.
      if (/^Blocked script execution in '[^']*\/messages\/\d+\/html/.test(m.text())) return;
      this.find(`console ${m.type()}: ${m.text()} (${m.location().url})`);
    });
    context.on('weberror', (e) => this.find(`unhandled error: ${e.error().stack ?? e.error().message}`));
    context.on('request', (r) => this.request(r));
  }

  /** watch adds what a page can only see itself. Call it before the first page opens. */
  async watch(): Promise<void> {
    await this.context.addInitScript(() => {
      addEventListener('securitypolicyviolation', (e) => {
        console.error(`policy ${e.effectiveDirective} stopped ${e.blockedURI || 'inline'} (${e.sample})`);
      });
    });
  }

  /** allow lets findings pass that the test itself provokes. */
  allow(...patterns: RegExp[]): void {
    this.allowed.push(...patterns);
  }

  private find(finding: string): void {
    this.findings.push(finding);
  }

  private request(r: Request): void {
    const url = new URL(r.url());
    if (['data:', 'blob:', 'about:'].includes(url.protocol)) return;
    this.requests.push(`${r.method()} ${r.url()}`);
    if (!this.origins().includes(url.origin)) this.find(`request to another origin: ${r.method()} ${r.url()}`);
    else if (url.pathname.startsWith('/api/')) {
      const { name, wrong } = operationOf(r.method(), url);
      this.used.add(name);
      if (wrong && !url.pathname.startsWith('/api/v1/docs')) this.find(`${name} ${wrong}: ${r.url()}`);
    } else if (['fetch', 'xhr', 'eventsource', 'ping', 'websocket'].includes(r.resourceType()))
      this.find(`a private endpoint: ${r.method()} ${r.url()}`);
  }

  /** problems are the findings that the test did not allow. */
  get problems(): string[] {
    return this.findings.filter((f) => !this.allowed.some((pattern) => pattern.test(f)));
  }
}
