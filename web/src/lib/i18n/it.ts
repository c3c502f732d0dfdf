import { merge } from './merge';

export default merge(
  import.meta.glob<Record<string, string | Record<string, string>>>('../../../locales/it/*.json', {
    eager: true,
    import: 'default',
  }),
);
