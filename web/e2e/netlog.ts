import { readFileSync } from 'node:fs';

interface NetLog {
  constants: { logEventTypes: Record<string, number> };
  events: { type: number; params?: unknown }[];
}

/**
 * contacts are the events of Chromium's own network log in which it looked up, connected to or asked a host: the log
 * sees what pages and Playwright do not, such as names that are looked up ahead.
 */
export function contacts(file: string, host: string): string[] {
  const text = readFileSync(file, 'utf8');
  let log: NetLog;
  try {
    log = JSON.parse(text) as NetLog;
  } catch {
    // A browser that was ended in the middle leaves the list open.
    log = JSON.parse(text.replace(/,?\s*$/, ']}')) as NetLog;
  }
  const names = Object.fromEntries(Object.entries(log.constants.logEventTypes).map(([name, id]) => [id, name]));
  return log.events
    .filter((e) =>
      JSON.stringify(e.params ?? '')
        .toLowerCase()
        .includes(host),
    )
    .map((e) => `${names[e.type]}: ${JSON.stringify(e.params)}`);
}
