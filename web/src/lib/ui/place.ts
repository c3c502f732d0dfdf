export interface Placement {
  side?: 'bottom' | 'top';
  align?: 'start' | 'center' | 'end';
  gap?: number;
}

/** place puts a shown, fixed element beside its anchor, on the other side where there is more room. */
export function place(el: HTMLElement, anchor: Element, { side = 'bottom', align = 'start', gap = 4 }: Placement = {}) {
  const edge = 8;
  const a = anchor.getBoundingClientRect();
  const width = el.offsetWidth;
  const height = el.offsetHeight;
  const below = innerHeight - a.bottom - gap - edge;
  const above = a.top - gap - edge;
  const under = side === 'bottom' ? below >= height || below >= above : !(above >= height || above >= below);
  const start = { start: a.left, center: a.left + a.width / 2 - width / 2, end: a.right - width }[align];
  el.style.left = `${Math.max(edge, Math.min(start, innerWidth - width - edge))}px`;
  el.style.top = `${Math.max(edge, under ? a.bottom + gap : a.top - gap - height)}px`;
  el.style.maxHeight = `${Math.max(120, under ? below : above)}px`;
}
