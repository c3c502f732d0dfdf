import { t } from '$lib/i18n';
import type { Folder } from './folders.svelte';

/** A line of the folder pane. */
export interface Node {
  key: string;
  name: string;
  /** undefined for a name on the way to others that holds no mail itself. */
  folder?: Folder;
  children: Node[];
}

/** The order in which people look for them. */
const roles = ['inbox', 'drafts', 'sent', 'archive', 'all', 'junk', 'trash'] as const;

/** folderName is what people call a folder: by its role, else the last part of its path. */
export function folderName(folder: Folder): string {
  if (folder.role) return t(`mail.folder.${folder.role}`);
  return folder.path.split(folder.delimiter || '\0').pop() || folder.path;
}

/**
 * folderTree sorts the folders of an account: those with a role first, then the own ones as a tree by the names that
 * the server's delimiter parts. Servers that keep all folders below the inbox look like the others.
 */
export function folderTree(folders: Folder[]): { known: Node[]; own: Node[] } {
  const known: Node[] = [];
  const taken = new Set<number>();
  for (const role of roles) {
    const folder = folders.find((f) => f.role === role);
    if (!folder) continue;
    taken.add(folder.id);
    known.push({ key: folder.path, name: folderName(folder), folder, children: [] });
  }

  const own: Node[] = [];
  const byPath = new Map<string, Node>();
  const inbox = folders.find((f) => f.role === 'inbox')?.path;
  const place = (path: string, delimiter: string): Node => {
    const here = byPath.get(path);
    if (here) return here;
    const at = delimiter ? path.lastIndexOf(delimiter) : -1;
    const node: Node = { key: path, name: path.slice(at + 1) || path, children: [] };
    byPath.set(path, node);
    const above = at > 0 ? path.slice(0, at) : '';
    if (above && above !== inbox) place(above, delimiter).children.push(node);
    else own.push(node);
    return node;
  };
  for (const folder of folders) if (!taken.has(folder.id)) place(folder.path, folder.delimiter ?? '').folder = folder;

  const sort = (nodes: Node[]) => {
    nodes.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true, sensitivity: 'base' }));
    for (const node of nodes) sort(node.children);
  };
  sort(own);
  return { known, own };
}
