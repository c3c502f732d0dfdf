/** The look of everything that text is typed into. */
export const control =
  'block w-full rounded-md border bg-surface px-3 text-lg text-ink transition-colors md:text-base ' +
  'focus-visible:outline-2 focus-visible:-outline-offset-1 focus-visible:outline-accent-line ' +
  'disabled:bg-sunken disabled:text-ink-3 [&[readonly]]:bg-sunken';

/** Its edge, by whether the service or the page refused what is in it. */
export const edge = (invalid: boolean) =>
  invalid ? 'border-danger-line hover:border-danger-ink' : 'border-line-strong hover:border-ink-3 disabled:border-line';

/** What every labelled control can be told. */
export interface FieldProps {
  label: string;
  hint?: string;
  error?: string;
  required?: boolean;
  /** Says "optional" beside the label. */
  optional?: boolean;
  /** The label is for screen readers only. */
  bare?: boolean;
  disabled?: boolean;
  name?: string;
  id?: string;
  class?: string;
}
