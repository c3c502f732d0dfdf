const mac = /Mac|iPhone|iPad/.test(navigator.platform);

const signs: Record<string, string> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  Enter: '↵',
  Escape: 'Esc',
  Backspace: '⌫',
  Delete: 'Del',
  Mod: mac ? '⌘' : 'Ctrl',
  Shift: mac ? '⇧' : 'Shift',
};

/** keyNames writes keys such as "Shift+u" or "g m" as they stand on a keyboard, one by one. */
export function keyNames(keys: string): string[] {
  return keys.split(' ').flatMap((key) => {
    const parts = key === '+' ? ['+'] : key.split('+');
    return parts.map((part) => signs[part] ?? (part.length === 1 ? part.toUpperCase() : part));
  });
}
