import type { Editor } from '@tiptap/core';
import Bold from '@lucide/svelte/icons/bold';
import Code from '@lucide/svelte/icons/code';
import Italic from '@lucide/svelte/icons/italic';
import List from '@lucide/svelte/icons/list';
import ListOrdered from '@lucide/svelte/icons/list-ordered';
import RemoveFormatting from '@lucide/svelte/icons/remove-formatting';
import Strikethrough from '@lucide/svelte/icons/strikethrough';
import TextQuote from '@lucide/svelte/icons/text-quote';
import Underline from '@lucide/svelte/icons/underline';
import Heading from '@lucide/svelte/icons/heading';
import type { Icon } from '$lib/ui';

/** Something that the toolbar does to the text. */
export interface TextAction {
  name: string;
  icon: Icon;
  keys: string;
  /** What of the text is so now; without it the action has no state. */
  active?: (e: Editor) => boolean;
  run: (e: Editor) => void;
}

const mac = /Mac|iPhone|iPad/.test(navigator.platform);

/** shortcut writes keys as this device names them. */
export const shortcut = (keys: string): string =>
  mac
    ? keys.replace('Mod', '⌘').replace('Shift', '⇧').replace('Alt', '⌥').replaceAll('+', '')
    : keys.replace('Mod', 'Ctrl');

/** actions are the buttons of the toolbar, in groups. */
export const actions: TextAction[][] = [
  [
    {
      name: 'bold',
      icon: Bold,
      keys: 'Mod+B',
      active: (e) => e.isActive('bold'),
      run: (e) => e.chain().focus().toggleBold().run(),
    },
    {
      name: 'italic',
      icon: Italic,
      keys: 'Mod+I',
      active: (e) => e.isActive('italic'),
      run: (e) => e.chain().focus().toggleItalic().run(),
    },
    {
      name: 'underline',
      icon: Underline,
      keys: 'Mod+U',
      active: (e) => e.isActive('underline'),
      run: (e) => e.chain().focus().toggleUnderline().run(),
    },
    {
      name: 'strike',
      icon: Strikethrough,
      keys: 'Mod+Shift+S',
      active: (e) => e.isActive('strike'),
      run: (e) => e.chain().focus().toggleStrike().run(),
    },
  ],
  [
    {
      name: 'heading',
      icon: Heading,
      keys: 'Mod+Alt+2',
      active: (e) => e.isActive('heading'),
      run: (e) => e.chain().focus().toggleHeading({ level: 2 }).run(),
    },
    {
      name: 'bullets',
      icon: List,
      keys: 'Mod+Shift+8',
      active: (e) => e.isActive('bulletList'),
      run: (e) => e.chain().focus().toggleBulletList().run(),
    },
    {
      name: 'numbers',
      icon: ListOrdered,
      keys: 'Mod+Shift+7',
      active: (e) => e.isActive('orderedList'),
      run: (e) => e.chain().focus().toggleOrderedList().run(),
    },
    {
      name: 'quote',
      icon: TextQuote,
      keys: 'Mod+Shift+B',
      active: (e) => e.isActive('blockquote'),
      run: (e) => e.chain().focus().toggleBlockquote().run(),
    },
    {
      name: 'code',
      icon: Code,
      keys: 'Mod+Alt+C',
      active: (e) => e.isActive('codeBlock'),
      run: (e) => e.chain().focus().toggleCodeBlock().run(),
    },
  ],
  [
    {
      name: 'clear',
      icon: RemoveFormatting,
      keys: '',
      run: (e) => e.chain().focus().unsetAllMarks().clearNodes().run(),
    },
  ],
];
