import type { Doc } from './text';

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escape = (text: string) => text.replace(/[&<>"]/g, (char) => entities[char]!);

// Two spaces would become one in HTML; tabs would vanish.
const spaced = (text: string) =>
  escape(text).replaceAll('\t', '    ').replace(/ {2}/g, '&nbsp; ').replace(/^ /, '&nbsp;');

const quote = 'margin:0 0 0 0.8ex;border-left:2px solid #c9c5bf;padding-left:1ex';
const code = 'font-family:ui-monospace,Menlo,Consolas,monospace';

const wraps: Record<string, (node: Doc, inner: string) => string> = {
  heading: (node, inner) => `<h${level(node)}>${inner || '<br>'}</h${level(node)}>`,
  bulletList: (_, inner) => `<ul>${inner}</ul>`,
  orderedList: (node, inner) => {
    const start = Number(node.attrs?.start ?? 1);
    return `<ol${start === 1 ? '' : ` start="${start}"`}>${inner}</ol>`;
  },
  listItem: (_, inner) => `<li>${inner}</li>`,
  blockquote: (_, inner) => `<blockquote type="cite" style="${quote}">${inner}</blockquote>`,
  codeBlock: (_, inner) => `<pre style="${code}">${inner}</pre>`,
  signature: (_, inner) => `<div>-- </div><div>${inner}</div>`,
};

const level = (node: Doc) => Math.min(3, Math.max(1, Number(node.attrs?.level ?? 2)));

/**
 * toHtml writes a document as the HTML of a mail: a <div> a line, as mail programs do, and styles at the elements,
 * because many readers drop style sheets. src gives what an image's address becomes, undefined leaves it out.
 */
export function toHtml(doc: Doc, src: (id: string) => string | undefined): string {
  return blocks(doc.content ?? [], src);
}

function blocks(nodes: Doc[], src: (id: string) => string | undefined): string {
  return nodes.map((node) => block(node, src)).join('');
}

function block(node: Doc, src: (id: string) => string | undefined): string {
  if (node.type === 'horizontalRule') return '<hr>';
  if (node.type === 'paragraph' || node.type === 'heading' || node.type === 'codeBlock') {
    const inner = (node.content ?? []).map((part) => inline(part, node.type === 'codeBlock', src)).join('');
    return node.type === 'paragraph' ? `<div>${inner || '<br>'}</div>` : wraps[node.type]!(node, inner);
  }
  const inner = blocks(node.content ?? [], src);
  return wraps[node.type ?? '']?.(node, inner) ?? inner;
}

function inline(node: Doc, pre: boolean, src: (id: string) => string | undefined): string {
  if (node.type === 'hardBreak') return '<br>';
  if (node.type === 'image') {
    const address = src(String(node.attrs?.file ?? ''));
    return address
      ? `<img src="${escape(address)}" alt="${escape(String(node.attrs?.alt ?? ''))}" style="max-width:100%">`
      : '';
  }
  const text = pre ? escape(node.text ?? '') : spaced(node.text ?? '');
  return (node.marks ?? []).reduce((inner, mark) => marked(mark.type, mark.attrs, inner), text);
}

function marked(type: string, attrs: Record<string, unknown> | undefined, inner: string): string {
  switch (type) {
    case 'bold':
      return `<b>${inner}</b>`;
    case 'italic':
      return `<i>${inner}</i>`;
    case 'underline':
      return `<u>${inner}</u>`;
    case 'strike':
      return `<s>${inner}</s>`;
    case 'code':
      return `<code style="${code}">${inner}</code>`;
    case 'link':
      return `<a href="${escape(String(attrs?.href ?? ''))}">${inner}</a>`;
    default:
      return inner;
  }
}
