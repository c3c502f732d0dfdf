/** slow tells, reactively, that something has been going on for so long that the page should show it. */
export function slow(going: () => boolean): { readonly now: boolean } {
  let now = $state(false);
  $effect(() => {
    if (!going()) {
      now = false;
      return;
    }
    const timer = setTimeout(() => (now = true), 300);
    return () => clearTimeout(timer);
  });
  return {
    get now() {
      return now;
    },
  };
}
