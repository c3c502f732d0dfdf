/** merge joins the files of one language: the key "save" of common.json becomes "common.save". */
export function merge<T>(files: Record<string, Record<string, T>>): Record<string, T> {
  const out: Record<string, T> = {};
  for (const [path, texts] of Object.entries(files)) {
    const area = path.split('/').pop()!.replace('.json', '');
    for (const [key, text] of Object.entries(texts)) out[`${area}.${key}`] = text;
  }
  return out;
}
