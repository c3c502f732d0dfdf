import { Editor } from '@tiptap/core';
import type { Node } from '@tiptap/pm/model';
import Placeholder from '@tiptap/extension-placeholder';
import StarterKit from '@tiptap/starter-kit';
import { t } from '$lib/i18n';
import type { Letter } from '../model/letter.svelte';
import { ImageNode, SignatureNode } from './nodes';

export interface Wiring {
  /** Something about the text or the selection has changed. */
  onchange: () => void;
  /** Files were pasted into the text. */
  onfiles: (files: File[]) => void;
}

/** makeEditor puts an editor of a letter's text into an element. */
export function makeEditor(element: HTMLElement, letter: Letter, { onchange, onfiles }: Wiring): Editor {
  const answer = letter.request.kind === 'reply' || letter.request.kind === 'reply_all';
  const editor = new Editor({
    element,
    injectCSS: false,
    content: letter.doc,
    extensions: [
      StarterKit.configure({
        heading: { levels: [2, 3] },
        link: { openOnClick: false, defaultProtocol: 'https' },
        dropcursor: { color: false, class: 'compose-dropcursor' },
        trailingNode: false,
      }),
      Placeholder.configure({ placeholder: () => t('compose.text.placeholder') }),
      SignatureNode,
      ImageNode.configure({ url: (file) => letter.files.url(file) }),
    ],
    editorProps: {
      attributes: {
        class: 'compose-text',
        role: 'textbox',
        'aria-multiline': 'true',
        'aria-label': t('compose.text.label'),
        spellcheck: 'true',
      },
      handleDOMEvents: {
        mousedown: (view, e) => {
          const last = view.dom.lastElementChild;
          if (e.target !== view.dom || !last?.matches('[data-signature]')) return false;
          if (e.clientY <= last.getBoundingClientRect().bottom) return false;
          // Below the signature there is nothing to write: the text is meant.
          e.preventDefault();
          editor.chain().focus().setTextSelection(endOfOwn(view.state.doc)).run();
          return true;
        },
      },
      handlePaste: (_, e) => {
        const files = [...(e.clipboardData?.files ?? [])];
        // Word and the like bring a picture of their text beside the text.
        if (files.length === 0 || e.clipboardData?.getData('text/plain')) return false;
        onfiles(files);
        return true;
      },
    },
    onUpdate: () => {
      letter.edited();
      onchange();
    },
    onSelectionUpdate: onchange,
    onFocus: onchange,
    onBlur: onchange,
  });
  letter.collect = () => editor.getJSON();
  // An answer is written above what it answers.
  if (answer) editor.commands.setTextSelection(0);
  return editor;
}

/** endOfOwn is where the writer's own text ends, above the signature; the beginning when there is none yet. */
function endOfOwn(doc: Node): number {
  let end = 1;
  let past = false;
  doc.forEach((node, at) => {
    past ||= node.type.name === 'signature';
    if (!past && node.content.size > 0) end = at + node.nodeSize - 1;
  });
  return end;
}
