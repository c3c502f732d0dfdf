import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A trap is the web server of whoever wrote a hostile mail: it notes who comes by. */
export class Trap {
  readonly visits: string[] = [];
  connections = 0;
  private readonly server: Server;
  /** pages are those that it shows, by their paths. */
  readonly pages = new Map<string, string>();

  constructor() {
    this.server = createServer((req, res) => {
      this.visits.push(req.url ?? '');
      const page = this.pages.get(req.url ?? '');
      res.writeHead(page === undefined ? 404 : 200, { 'Content-Type': 'text/html; charset=utf-8' });
      res.end(page);
    });
    this.server.on('connection', () => this.connections++);
  }

  async open(): Promise<number> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<unknown>((done) => this.server.close(done));
  }
}
