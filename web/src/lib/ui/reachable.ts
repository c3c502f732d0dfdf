const holds = 'a[href], button, input, select, textarea, summary, iframe, [tabindex]:not([tabindex="-1"])';

/** reachable lets the keyboard scroll an element that holds nothing to which the focus could go. */
export function reachable(el: HTMLElement): () => void {
  const look = () => {
    const needed = el.scrollHeight > el.clientHeight && !el.querySelector(holds);
    if (needed) el.tabIndex = 0;
    else el.removeAttribute('tabindex');
  };
  const size = new ResizeObserver(look);
  const inside = new MutationObserver(look);
  size.observe(el);
  inside.observe(el, { childList: true, subtree: true });
  look();
  return () => {
    size.disconnect();
    inside.disconnect();
  };
}
