import type { JSONContent } from '@tiptap/core';

/** A mail's text with its form, as the editor holds it. */
export type Doc = JSONContent;

const paragraph = (text: string): Doc =>
  text ? { type: 'paragraph', content: [{ type: 'text', text }] } : { type: 'paragraph' };

const delimiter = /^-- ?$/;

/**
 * fromText gives plain text the form that it means: lines, "> " quotes, and the signature below "-- ". A known
 * signature may have empty lines; another ends at the first.
 */
export function fromText(text: string, known = ''): Doc {
  const lines = text.replaceAll('\r\n', '\n').replace(/\n$/, '').split('\n');
  const content = blocks(lines, known ? known.split('\n') : []);
  return { type: 'doc', content: content.length ? content : [paragraph('')] };
}

function blocks(lines: string[], known: string[] = []): Doc[] {
  const out: Doc[] = [];
  for (let i = 0; i < lines.length;) {
    const line = lines[i]!;
    if (line.startsWith('>')) {
      const from = i;
      while (i < lines.length && lines[i]!.startsWith('>')) i++;
      const inner = lines.slice(from, i).map((quoted) => quoted.replace(/^> ?/, ''));
      out.push({ type: 'blockquote', content: blocks(inner) });
    } else if (delimiter.test(line)) {
      const from = ++i;
      if (known.length && known.every((k, n) => lines[from + n] === k)) i += known.length;
      else while (i < lines.length && lines[i] !== '' && !lines[i]!.startsWith('>')) i++;
      out.push(signature(lines.slice(from, i).join('\n')));
    } else {
      out.push(paragraph(line));
      i++;
    }
  }
  return out;
}

/** signature is the block that ends a mail. */
export function signature(text: string): Doc {
  return { type: 'signature', content: text.split('\n').map(paragraph) };
}

/** toText writes a document as plain text, for readers without HTML. */
export function toText(doc: Doc): string {
  return lines(doc.content ?? [])
    .join('\n')
    .replace(/\s+$/, '')
    .concat('\n');
}

function lines(nodes: Doc[]): string[] {
  return nodes.flatMap((node) => {
    switch (node.type) {
      case 'blockquote':
        return lines(node.content ?? []).map((line) => (line && !line.startsWith('>') ? '> ' + line : '>' + line));
      case 'signature':
        return ['-- ', ...lines(node.content ?? [])];
      case 'bulletList':
        return items(node, () => '- ');
      case 'orderedList':
        return items(node, (i) => `${i + Number(node.attrs?.start ?? 1)}. `);
      case 'horizontalRule':
        return ['---'];
      case 'codeBlock':
        return inline(node).split('\n');
      default:
        return inline(node).split('\n');
    }
  });
}

function items(list: Doc, mark: (i: number) => string): string[] {
  return (list.content ?? []).flatMap((item, i) => {
    const sign = mark(i);
    return lines(item.content ?? []).map((line, n) => (n === 0 ? sign : ' '.repeat(sign.length)) + line);
  });
}

function inline(node: Doc): string {
  return (node.content ?? [])
    .map((part, i, all) => {
      if (part.type === 'hardBreak') return '\n';
      if (part.type === 'image') return part.attrs?.alt ? `[${part.attrs.alt}]` : '';
      const text = part.text ?? '';
      // A link keeps its address where the text does not show it, behind its last piece.
      const href = link(part);
      if (!href || link(all[i + 1]) === href || plainLink(href) === plainLink(text)) return text;
      return `${text} <${href}>`;
    })
    .join('');
}

function link(node: Doc | undefined): string | undefined {
  return node?.marks?.find((mark) => mark.type === 'link')?.attrs?.href as string | undefined;
}

const plainLink = (text: string) => text.replace(/^(https?:\/\/|mailto:)/, '').replace(/\/$/, '');

/** ownText is what the writer wrote: without the quote, the signature and what is forwarded. */
export function ownText(doc: Doc): string {
  const own = (doc.content ?? []).filter((node) => node.type !== 'blockquote' && node.type !== 'signature');
  return beforeForward(lines(own).join('\n'));
}

/** ownPlain is ownText of a plain text. */
export function ownPlain(text: string): string {
  return beforeForward(
    text
      .split(/^-- $/m)[0]!
      .split('\n')
      .filter((line) => !line.startsWith('>'))
      .join('\n'),
  );
}

const beforeForward = (text: string) => text.split(/^-{5,} ?Forwarded message ?-{5,}$/m)[0]!;
