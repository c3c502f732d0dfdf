/** wait counts the seconds down to a moment. Call it while a component is made. */
export function wait(until: () => number): { readonly seconds: number } {
  let now = $state(Date.now());
  const seconds = $derived(Math.max(0, Math.ceil((until() - now) / 1000)));
  $effect(() => {
    if (until() <= Date.now()) return;
    now = Date.now();
    const timer = setInterval(() => {
      now = Date.now();
      if (now >= until()) clearInterval(timer);
    }, 250);
    return () => clearInterval(timer);
  });
  return {
    get seconds() {
      return seconds;
    },
  };
}
