/** Characters that are not mistaken for each other when a password is read out. */
const letters = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** newPassword makes a password of four groups, such as "kTqm-7aXz-Rw3p-uH9b": about 93 bits. */
export function newPassword(): string {
  const out: string[] = [];
  // Values beyond the last full round are thrown away, so that every letter is as likely as the others.
  const round = 256 - (256 % letters.length);
  while (out.length < 16)
    for (const byte of crypto.getRandomValues(new Uint8Array(32)))
      if (byte < round && out.length < 16) out.push(letters[byte % letters.length]!);
  return out.join('').replace(/(.{4})(?=.)/g, '$1-');
}
