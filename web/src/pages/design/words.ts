/*
 * The words of the storybook. It is read by those who build the pages, so it is in English only, like docs/design.md;
 * the components' own words follow the language chosen above it.
 */
export const words = {
  title: 'Mailstead design',
  contents: 'Contents',
  theme: 'Theme',
  density: 'Density',
  language: 'Language',
  themes: { system: 'System', light: 'Light', dark: 'Dark' },
  densities: { comfortable: 'Comfortable', compact: 'Compact' },
  chapters: {
    Foundations: {
      title: 'Foundations',
      lead: 'What every page is made of. The ratios are measured here, in the theme that you see.',
      stories: ['Type', 'Colour', 'Shape', 'Icons', 'Logo'],
    },
    Actions: {
      title: 'Actions',
      lead: 'One primary action in view. What cannot be done now is not shown, or says why.',
      stories: ['Button', 'Menu', 'Tooltip', 'CopyButton', 'Kbd'],
    },
    Inputs: {
      title: 'Inputs',
      lead: 'The label stands above and stays there; help and errors stand below, next to what they are about.',
      stories: ['TextInput', 'PasswordInput', 'TextArea', 'Select', 'Field', 'Checkbox', 'Switch', 'Segmented'],
    },
    Lists: {
      title: 'Lists and pages',
      lead: 'Hairlines before boxes. A list shows what needs a person first.',
      stories: ['ListRow', 'Pane', 'PageHeader', 'Section', 'Table', 'Tabs', 'Avatar', 'Chip', 'Counter', 'Status'],
    },
    Layers: {
      title: 'Layers',
      lead: 'One above the page at most. Each closes with Esc and gives the focus back.',
      stories: ['Dialog', 'Sheet', 'toast', 'Disclosure'],
    },
    States: {
      title: 'States',
      lead: 'Loading, empty, partial, failed, offline: each part of a page has all of them.',
      stories: ['Skeleton', 'Spinner', 'Progress', 'EmptyState', 'ErrorState', 'Banner'],
    },
    Ours: {
      title: 'Our own pieces',
      lead: 'What only a post office for business software needs.',
      stories: ['Report', 'WhyAccount'],
    },
  },
};
