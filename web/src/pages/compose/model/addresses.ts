import type { Schema } from '$lib/api/client';

export type Address = Schema<'Address'>;

const label = /^(?!-)[\p{L}\p{N}\p{M}_-]{1,63}(?<!-)$/u;

/** isAddress tells whether the service would take a bare address. */
export function isAddress(text: string): boolean {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, at);
  const domain = text.slice(at + 1).replace(/\.$/, '');
  if (at < 1 || text.length > 320 || local.length > 64 || domain === '') return false;
  if (/[\s"(),:;<>@[\]`\\\p{Cc}]/u.test(local) || /^\.|\.$|\.\./.test(local)) return false;
  return domain.split('.').every((part) => label.test(part));
}

/** pieces cuts a pasted list where one address ends: not in quotes, not in brackets, not in "Rossi, Anna <…>". */
function pieces(text: string): string[] {
  const cut: { text: string; end: string }[] = [];
  let quoted = false;
  let bracket = false;
  let piece = '';
  const end = (char: string) => {
    if (piece.trim()) cut.push({ text: piece.trim(), end: char });
    piece = '';
    quoted = bracket = false;
  };
  for (const char of text) {
    if (char === '"') quoted = !quoted;
    else if (char === '<' && !quoted) bracket = true;
    else if (char === '>' && !quoted) bracket = false;
    if (char === '\n' || char === '\r' || (/[,;\t]/.test(char) && !quoted && !bracket)) end(char);
    else piece += char;
  }
  end('');
  const out: string[] = [];
  for (let i = 0; i < cut.length; i++) {
    let one = cut[i]!;
    // A name with a comma, as some directories write it: the address in brackets comes behind it.
    while (one.end === ',' && !one.text.includes('@') && cut[i + 1]?.text.includes('<'))
      one = { text: `${one.text}, ${cut[++i]!.text}`, end: cut[i]!.end };
    out.push(...split(one.text));
  }
  return out;
}

// Several bare addresses with nothing but spaces between them are several.
function split(piece: string): string[] {
  if (piece.includes('<') || piece.includes('(')) return [piece];
  const words = piece.split(/\s+/).filter(Boolean);
  return words.length > 1 && words.every((word) => word.includes('@')) ? words : [piece];
}

function one(piece: string): Address {
  const angled = /^(.*?)<\s*([^<>]*?)\s*>?\s*$/su.exec(piece);
  if (angled) return { name: unquote(angled[1]!), address: bare(angled[2]!) };
  const commented = /^(\S+@\S+)\s*\(([^)]*)\)$/u.exec(piece);
  if (commented) return { name: commented[2]!.trim(), address: bare(commented[1]!) };
  return { address: bare(piece) };
}

const unquote = (name: string) =>
  name
    .trim()
    .replace(/^"(.*)"$/su, '$1')
    .replace(/\\(.)/gsu, '$1')
    .replace(/^'(.*)'$/su, '$1')
    .trim();

const bare = (address: string) => address.trim().replace(/^mailto:/i, '');

/** parseAddresses reads what people type and paste: "Anna <anna@example.com>, ben@example.com; …". */
export function parseAddresses(text: string): Address[] {
  return pieces(text).map((piece) => {
    const { name, address } = one(piece);
    return name && name.toLowerCase() !== address.toLowerCase() ? { name, address } : { address };
  });
}

/** formatAddress writes an address as parseAddresses reads it. */
export function formatAddress({ name, address }: Address): string {
  if (!name) return address;
  return /[",;<>()@]/.test(name) ? `"${name.replaceAll('"', '\\"')}" <${address}>` : `${name} <${address}>`;
}

/** merged adds addresses to a list, each once without regard to case. */
export function merged(list: Address[], more: Address[]): Address[] {
  const known = new Set(list.map((a) => a.address.toLowerCase()));
  const fresh = more.filter((a) => {
    const key = a.address.toLowerCase();
    return !known.has(key) && known.add(key);
  });
  return [...list, ...fresh];
}
