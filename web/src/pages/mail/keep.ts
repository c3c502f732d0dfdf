/** What this page remembers on this device. */
interface Kept {
  /** The folder that was looked at last, by account. */
  account: number;
  folder: number;
  /** Accounts whose folders are folded away. */
  folded: number[];
  /** Own folders whose children are folded away, as account:path. */
  closed: string[];
  /** Senders whose images from elsewhere are shown, because the reader said so. */
  images: string[];
}

const key = 'mailstead.mail';

/** kept reads what is remembered. */
export function kept(): Kept {
  const nothing: Kept = { account: 0, folder: 0, folded: [], closed: [], images: [] };
  try {
    return { ...nothing, ...(JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Kept>) };
  } catch {
    return nothing;
  }
}

/** keep remembers. */
export function keep(change: Partial<Kept>): void {
  try {
    localStorage.setItem(key, JSON.stringify({ ...kept(), ...change }));
  } catch {
    // A browser that keeps nothing begins at the beginning.
  }
}
