/** A colour that is read upon another, and how much they must differ at least. */
export interface Pair {
  on: string;
  under: string;
  least: number;
}

const grounds = ['ground', 'surface', 'sunken', 'raised', 'hover', 'pressed', 'accent-ground'];
const tones = ['ok', 'warn', 'danger', 'info'];
const hues = [1, 2, 3, 4, 5, 6];

const cross = (on: string[], under: string[], least: number): Pair[] =>
  on.flatMap((o) => under.map((u) => ({ on: o, under: u, least })));

/** Text: 4.5 to 1. */
const text: Pair[] = [
  ...cross(['ink', 'ink-2', 'ink-3', 'accent-ink', 'danger-ink'], grounds, 4.5),
  ...tones.flatMap((tone) => [
    ...cross([`${tone}-ink`], ['ground', 'surface', 'sunken', 'raised', 'hover', `${tone}-ground`], 4.5),
    ...cross(['ink', 'ink-2', 'ink-3'], [`${tone}-ground`], 4.5),
  ]),
  ...cross(['on-accent'], ['accent', 'accent-hover'], 4.5),
  ...cross(['on-danger'], ['danger-fill', 'danger-fill-hover'], 4.5),
  ...cross(['on-toast'], ['toast', 'toast-hover'], 4.5),
  ...cross(['surface'], ['ink'], 4.5),
  ...hues.map((n) => ({ on: `hue-${n}-ink`, under: `hue-${n}`, least: 4.5 })),
];

/** Edges of controls, marks and icons: 3 to 1. */
const lines: Pair[] = [
  ...cross(['line-strong', 'accent-line'], grounds, 3),
  ...cross(['accent', 'danger-fill'], ['ground', 'surface', 'sunken', 'raised'], 3),
  ...tones.flatMap((tone) =>
    cross([`${tone}-line`], ['ground', 'surface', 'sunken', 'raised', 'hover', `${tone}-ground`], 3),
  ),
];

export const pairs: Pair[] = [...text, ...lines];

/** The colours by what they are for, as the page and docs/design.md list them. */
export const families: Record<string, string[]> = {
  Grounds: ['ground', 'surface', 'sunken', 'raised', 'hover', 'pressed'],
  Text: ['ink', 'ink-2', 'ink-3'],
  Lines: ['line', 'line-strong'],
  Accent: ['accent', 'accent-hover', 'accent-ink', 'accent-line', 'accent-ground', 'on-accent'],
  Success: ['ok-ink', 'ok-line', 'ok-ground'],
  Warning: ['warn-ink', 'warn-line', 'warn-ground'],
  Danger: ['danger-ink', 'danger-line', 'danger-ground', 'danger-fill', 'danger-fill-hover', 'on-danger'],
  Info: ['info-ink', 'info-line', 'info-ground'],
  Hues: hues.flatMap((n) => [`hue-${n}`, `hue-${n}-ink`]),
  Notices: ['toast', 'toast-hover', 'on-toast'],
};

/** rgb is what the browser shows for a token below a place in the page: red, green, blue. */
export function rgb(token: string, place: Element): [number, number, number] {
  const probe = document.createElement('span');
  probe.style.color = `var(--color-${token})`;
  place.append(probe);
  const [r = 0, g = 0, b = 0] = (getComputedStyle(probe).color.match(/[\d.]+/g) ?? []).map(Number);
  probe.remove();
  return [r, g, b];
}

/** contrast is the ratio of WCAG 2.2 between two colours. */
export function contrast(a: [number, number, number], b: [number, number, number]): number {
  const light = (c: [number, number, number]) => {
    const [r, g, bl] = c.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * bl!;
  };
  const [x, y] = [light(a), light(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}
