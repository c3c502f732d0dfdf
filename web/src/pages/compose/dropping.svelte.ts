import type { Attachment } from 'svelte/attachments';

interface Drop {
  over: (on: boolean) => void;
  /** Files were dropped on an element. */
  take: (files: File[], at: Element | null) => void;
}

const carriesFiles = (e: DragEvent) => e.dataTransfer?.types.includes('Files') ?? false;

/** dropping lets files be dropped on an element; over tells while they hover. */
export function dropping({ over, take }: Drop): Attachment<HTMLElement> {
  return (node) => {
    let depth = 0;
    const enter = (e: DragEvent) => {
      if (!carriesFiles(e)) return;
      e.preventDefault();
      if (++depth === 1) over(true);
    };
    const leave = (e: DragEvent) => {
      if (carriesFiles(e) && --depth <= 0) {
        depth = 0;
        over(false);
      }
    };
    const hover = (e: DragEvent) => {
      if (!carriesFiles(e)) return;
      e.preventDefault();
      e.dataTransfer!.dropEffect = 'copy';
    };
    const drop = (e: DragEvent) => {
      if (!carriesFiles(e)) return;
      e.preventDefault();
      e.stopPropagation();
      depth = 0;
      over(false);
      take([...(e.dataTransfer?.files ?? [])], e.target instanceof Element ? e.target : null);
    };
    node.addEventListener('dragenter', enter);
    node.addEventListener('dragleave', leave);
    node.addEventListener('dragover', hover);
    // Before the editor, which would take images in its own way.
    node.addEventListener('drop', drop, { capture: true });
    return () => {
      node.removeEventListener('dragenter', enter);
      node.removeEventListener('dragleave', leave);
      node.removeEventListener('dragover', hover);
      node.removeEventListener('drop', drop, { capture: true });
    };
  };
}
