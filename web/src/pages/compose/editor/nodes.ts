import { mergeAttributes, Node } from '@tiptap/core';

/** SignatureNode is the block that ends a mail. It can be edited and deleted like other text. */
export const SignatureNode = Node.create({
  name: 'signature',
  group: 'block',
  content: 'paragraph+',
  defining: true,
  parseHTML: () => [{ tag: 'div[data-signature]' }],
  renderHTML: ({ HTMLAttributes }) => [
    'div',
    mergeAttributes(HTMLAttributes, { 'data-signature': '', class: 'compose-signature' }),
    0,
  ],
});

declare module '@tiptap/core' {
  interface Commands<ReturnType> {
    image: {
      /** Puts a file of the draft into the text. */
      insertImage: (image: { file: string; alt: string }) => ReturnType;
    };
  }
}

interface ImageOptions {
  /** Where the page finds the bytes of a file. */
  url: (file: string) => string | undefined;
}

/** ImageNode is an image of the draft's own. Images of other places are left out when they are pasted. */
export const ImageNode = Node.create<ImageOptions>({
  name: 'image',
  group: 'inline',
  inline: true,
  draggable: true,
  addOptions: () => ({ url: () => undefined }),
  addAttributes: () => ({
    file: {
      default: '',
      parseHTML: (el) => el.getAttribute('data-file'),
      renderHTML: ({ file }) => ({ 'data-file': file }),
    },
    alt: { default: '' },
  }),
  parseHTML: () => [{ tag: 'img[data-file]' }],
  renderHTML({ node, HTMLAttributes }) {
    return ['img', mergeAttributes(HTMLAttributes, { src: this.options.url(String(node.attrs.file)) ?? '' })];
  },
  addCommands() {
    return {
      insertImage:
        (attrs) =>
        ({ commands }) =>
          commands.insertContent({ type: this.name, attrs }),
    };
  },
});
