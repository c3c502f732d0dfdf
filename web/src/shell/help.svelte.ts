/** help is the sheet that lists the keys. */
export const help = $state({ open: false });

export function openHelp(): void {
  help.open = true;
}
