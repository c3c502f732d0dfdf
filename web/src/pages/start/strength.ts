/** How hard a password is to guess, from 0 to 4; 0 is one that the service refuses. */
export type Strength = 0 | 1 | 2 | 3 | 4;

/** The shortest that the service takes. */
export const shortest = 10;

const common = /^(?:password|passwort|qwerty|qwertz|letmein|welcome|iloveyou|admin|mailstead|1234567890|0123456789)/i;

/** strength estimates by length, variety and repetition. It is advice: the service decides what it takes. */
export function strength(password: string, email = ''): Strength {
  const letters = [...password];
  if (letters.length < shortest || password.trim().toLowerCase() === email.trim().toLowerCase()) return 0;
  let bits = 0;
  for (const [i, c] of letters.entries()) {
    const before = letters[i - 1];
    const step = before === undefined ? NaN : c.codePointAt(0)! - before.codePointAt(0)!;
    // A repeated or a following letter tells next to nothing.
    bits += Math.abs(step) <= 1 ? 0.5 : letters.indexOf(c) < i ? 2.5 : 4.5;
  }
  const local = email.split('@')[0] ?? '';
  if (common.test(password) || (local.length > 3 && password.toLowerCase().includes(local.toLowerCase()))) bits /= 2;
  return bits < 28 ? 1 : bits < 42 ? 2 : bits < 60 ? 3 : 4;
}
