/** A piece of a text: words, or a link. */
export interface Piece {
  text: string;
  href?: string;
}

const link =
  /\bhttps?:\/\/[^\s<>"'`{}|\\^]+|\bmailto:[^\s<>"'`{}|\\^]+|[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/giu;

/** trim gives back what ends a sentence, not an address: a dot, a comma, a bracket that was not opened in it. */
function trim(found: string): string {
  let end = found.length;
  for (;;) {
    const last = found[end - 1]!;
    const open = { ')': '(', ']': '[' }[last];
    const unpaired = open && found.slice(0, end).split(open).length <= found.slice(0, end - 1).split(last).length;
    if (!'.,;:!?…*_'.includes(last) && !unpaired) return found.slice(0, end);
    end--;
  }
}

/** linkify parts a text at its links. Only http, https and mailto are links. */
export function linkify(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(link)) {
    const found = trim(match[0]);
    if (match.index < at || found.length < 4) continue;
    const href = /^(https?:|mailto:)/i.test(found) ? found : `mailto:${found}`;
    if (!URL.canParse(href)) continue;
    if (match.index > at) pieces.push({ text: text.slice(at, match.index) });
    pieces.push({ text: found, href });
    at = match.index + found.length;
  }
  if (at < text.length) pieces.push({ text: text.slice(at) });
  return pieces;
}
