// A spreadsheet must not take a cell for a formula.
const cell = (text: string) => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;

/** csv writes a table (RFC 4180): a line of heads, then the rows. */
export function csv(head: string[], rows: string[][]): string {
  return [head, ...rows].map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n';
}

/** download gives a table to the person as a file. */
export function download(name: string, table: string): void {
  // Spreadsheets take a file for UTF-8 by its first bytes.
  const url = URL.createObjectURL(new Blob(['\ufeff', table], { type: 'text/csv' }));
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url));
}
