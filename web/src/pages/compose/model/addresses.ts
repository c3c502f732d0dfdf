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

const separators = new Set([';', ',', '\n', '\r', '\t']);

/** pieces cuts a pasted list where one address ends: not in quotes, not in brackets, not in "Rossi, Anna <…>". */
function pieces(text: string): string[] {
  const out: string[] = [];
  let quoted = false;
  let bracket = false;
  let piece = '';
  const end = () => {
    if (piece.trim()) out.push(piece.trim());
    piece = '';
    quoted = bracket = false;
  };
  for (const char of text) {
    if (char === '"') quoted = !quoted;
    else if (char === '<' && !quoted) bracket = true;
    else if (char === '>' && !quoted) bracket = false;
    const cut = char === '\n' || char === '\r' || (separators.has(char) && !quoted && !bracket);
    if (cut && (char !== ',' || piece.includes('@'))) end();
    else piece += char;
  }
  end();
  return out.flatMap(split);
}

// "Smith, anna@example.com" is no name with an address, but a word and an address: the word is shown as wrong.
// Several bare addresses with nothing but spaces between them are several.
function split(piece: string): string[] {
  if (piece.includes('<') || piece.includes('(')) return [piece];
  const words = piece.split(/[\s,]+/).filter(Boolean);
  return words.length > 1 && words.filter((word) => word.includes('@')).length === words.length ? words : [piece];
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
