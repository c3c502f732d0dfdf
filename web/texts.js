// Checks the texts of the pages (npm run texts):
//
//  1. Every language has the same keys, with the same values to set in, and all of its plural forms.
//  2. Every key that the code asks for is there, and every key that is there is asked for.
//  3. Nothing that people read stands in the code itself.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'svelte/compiler';

const root = path.dirname(new URL(import.meta.url).pathname);
const languages = ['en', 'it', 'ru', 'es'];
const plurals = {
  en: ['one', 'other'],
  it: ['one', 'other'],
  es: ['one', 'other'],
  ru: ['one', 'few', 'many', 'other'],
};

/** Attributes and properties that people read, or hear. */
const shown = new Set(
  'aria-label aria-description aria-roledescription aria-valuetext alt title placeholder label text hint lead summary detail description name-label heading caption'.split(
    ' ',
  ),
);
/** Names that are the same in every language. */
const names =
  /^(Mailstead|IMAP|POP3|SMTP|TLS|STARTTLS|SSL|DNS|TCP|API|REST|OpenAPI|HTML|PDF|URL|CSV|ID|KB|MB|GB|Enter|Esc|Tab|Ctrl|Shift|Alt|Cmd|Space|Home|End|[A-Za-z]|g i|https?)$/;

const findings = [];
const report = (file, line, text) => findings.push(`${file}${line ? ':' + line : ''}: ${text}`);

// 1. The catalogues.
const catalogues = {};
for (const language of languages) {
  const texts = (catalogues[language] = new Map());
  const dir = path.join(root, 'locales', language);
  for (const file of readdirSync(dir).sort()) {
    const area = file.replace(/\.json$/, '');
    for (const [key, text] of Object.entries(JSON.parse(readFileSync(path.join(dir, file), 'utf8'))))
      texts.set(`${area}.${key}`, text);
  }
}
const values = (text) =>
  [...new Set([...JSON.stringify(text).matchAll(/\{\{\.(\w+)\}\}/g)].map((m) => m[1]))].sort().join(' ');
const keys = new Set(languages.flatMap((l) => [...catalogues[l].keys()]));
for (const key of keys) {
  const plural = languages.some((l) => typeof catalogues[l].get(key) === 'object');
  const wanted = values(catalogues.en.get(key) ?? '');
  for (const language of languages) {
    const text = catalogues[language].get(key);
    const at = `locales/${language}`;
    if (text === undefined) report(at, 0, `no text for ${key}`);
    else if (plural !== (typeof text === 'object'))
      report(at, 0, `${key} has plural forms in one language and none in another`);
    else {
      const forms = plural ? Object.values(text) : [text];
      if (forms.some((f) => typeof f !== 'string' || f.trim() === '')) report(at, 0, `${key} is empty`);
      if (values(text) !== wanted) report(at, 0, `${key} sets in "${values(text)}", in English "${wanted}"`);
      if (plural) {
        for (const form of plurals[language]) if (!(form in text)) report(at, 0, `${key} has no form "${form}"`);
        for (const form of Object.keys(text))
          if (!plurals[language].includes(form) && form !== 'many')
            report(at, 0, `${key} has a form "${form}" that the language does not know`);
      }
    }
  }
}

// 2 and 3. The code.
const literals = new Set();
const patterns = [];
const letters = /\p{L}/u;

/** The page of the components shows them with samples, as a mailbox shows its mails. */
const samples = /^src\/pages\/design\//;

/** human reports a text in the code that is not a name, a number or a mark. */
function human(file, line, text, where) {
  if (samples.test(file)) return;
  const words = text
    .replace(/&\w+;|\S*\bexample\b\S*/g, ' ')
    .split(/[\s/,.:;·…()[\]+–—-]+/)
    .filter((w) => letters.test(w) && !names.test(w));
  if (words.length > 0) report(file, line, `${where} outside the catalogues: "${text.trim().slice(0, 80)}"`);
}

/** strings are the texts that an expression can be, as far as they stand in it. */
function strings(node) {
  switch (node?.type) {
    case 'Literal':
      return typeof node.value === 'string' ? [node.value] : [];
    case 'TemplateLiteral':
      return [node.quasis.map((q) => q.value.cooked).join(' ')];
    case 'ConditionalExpression':
      return [...strings(node.consequent), ...strings(node.alternate)];
    case 'LogicalExpression':
      return [...strings(node.left), ...strings(node.right)];
    case 'BinaryExpression':
      return node.operator === '+' ? [...strings(node.left), ...strings(node.right)] : [];
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
      return strings(node.expression);
    default:
      return [];
  }
}

/** asks notes the keys that t(...) and has(...) are given. */
function asks(node, file, line) {
  if (node?.type === 'TemplateLiteral' && node.expressions.length > 0) {
    const escaped = node.quasis.map((q) => q.value.cooked.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    patterns.push({ file, line, pattern: new RegExp('^' + escaped.join('.+') + '$') });
  } else if (node?.type === 'BinaryExpression' && node.operator === '+' && node.left.type === 'Literal') {
    patterns.push({ file, line, pattern: new RegExp('^' + String(node.left.value).replace(/\./g, '\\.') + '.+$') });
  } else if (node?.type === 'ConditionalExpression') {
    asks(node.consequent, file, line);
    asks(node.alternate, file, line);
  } else {
    for (const key of strings(node)) if (!keys.has(key)) report(file, line, `the catalogues have no ${key}`);
  }
}

function walk(node, file, source, inMarkup) {
  if (!node || typeof node !== 'object') return;
  if (Array.isArray(node)) {
    for (const n of node) walk(n, file, source, inMarkup);
    return;
  }
  const line = typeof node.start === 'number' ? source.slice(0, node.start).split('\n').length : 0;
  switch (node.type) {
    case 'Literal':
      if (typeof node.value === 'string') literals.add(node.value);
      break;
    case 'TemplateLiteral':
      if (node.expressions.length === 0) literals.add(node.quasis[0].value.cooked);
      else {
        // A table of keys may be made of templates, too.
        const first = node.quasis[0].value.cooked;
        if (/^[a-z]+\.[\w.]*$/.test(first) && [...keys].some((k) => k.startsWith(first)))
          patterns.push({
            file,
            line,
            pattern: new RegExp(
              '^' + node.quasis.map((q) => q.value.cooked.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.+') + '$',
            ),
            soft: true,
          });
      }
      break;
    case 'CallExpression':
      if (node.callee.type === 'Identifier' && (node.callee.name === 't' || node.callee.name === 'has'))
        asks(node.arguments[0], file, line);
      break;
    case 'Text':
      if (inMarkup) human(file, line, node.data, 'text');
      return;
    case 'ExpressionTag':
      if (inMarkup) for (const text of strings(node.expression)) human(file, line, text, 'text');
      break;
    case 'Attribute': {
      const parts = Array.isArray(node.value) ? node.value : [node.value];
      for (const part of parts) {
        if (part === true) continue;
        if (shown.has(node.name) && part.type === 'Text') human(file, line, part.data, node.name);
        if (part.type === 'ExpressionTag') {
          if (shown.has(node.name)) for (const text of strings(part.expression)) human(file, line, text, node.name);
          walk(part.expression, file, source, false);
        } else if (part.type === 'Text') literals.add(part.data);
      }
      return;
    }
    case 'Property': {
      const name = node.key.name ?? node.key.value;
      if (shown.has(name))
        for (const text of strings(node.value)) if (/^\p{Lu}|\s/u.test(text)) human(file, line, text, name);
      break;
    }
    case 'StyleDirective':
      return;
    case 'RegularElement':
      if (['code', 'pre', 'kbd', 'style', 'script'].includes(node.name)) inMarkup = false;
      break;
  }
  for (const [name, child] of Object.entries(node)) {
    if (name === 'metadata' || name === 'parent' || name === 'loc' || name === 'css') continue;
    if (child && typeof child === 'object')
      walk(child, file, source, name === 'fragment' ? inMarkup || node.type === 'Root' : inMarkup);
  }
}

for (const entry of readdirSync(path.join(root, 'src'), { recursive: true })) {
  const file = path.join('src', entry);
  if (!/\.(svelte|ts)$/.test(file) || file.endsWith('.d.ts')) continue;
  const source = readFileSync(path.join(root, file), 'utf8');
  if (file.endsWith('.svelte')) walk(parse(source, { modern: true }), file, source, false);
  else {
    const head = '<script lang="ts">';
    walk(parse(head + source + '</script>', { modern: true }), file, head + source, false);
  }
}

const used = new Set([...keys].filter((k) => literals.has(k)));
for (const { file, line, pattern, soft } of patterns) {
  const fitting = [...keys].filter((k) => pattern.test(k));
  if (fitting.length === 0 && !soft) report(file, line, `no key of the catalogues fits ${pattern}`);
  for (const key of fitting) used.add(key);
}
for (const key of keys) if (!used.has(key)) report('locales', 0, `nothing asks for ${key}`);

if (findings.length > 0) {
  console.error([...new Set(findings)].join('\n'));
  console.error(`${findings.length} findings`);
  process.exit(1);
}
console.log(`${keys.size} texts in ${languages.length} languages`);
