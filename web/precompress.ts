import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { Plugin } from 'vite';

const brotli = promisify(zlib.brotliCompress);
// The last two levels take ten times as long for the last two percent.
const effort = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 9 } };
const gzip = promisify(zlib.gzip);
const texts = /\.(js|css|html|svg|json|webmanifest)$/;

/** precompress writes a .br and a .gz file beside every text of the build, so that the service never compresses. */
export function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    async writeBundle({ dir }) {
      const files = await readdir(dir!, { recursive: true });
      await Promise.all(
        files
          .filter((name) => texts.test(name))
          .map(async (name) => {
            const file = path.join(dir!, name);
            const bytes = await readFile(file);
            await writeFile(file + '.br', await brotli(bytes, effort));
            await writeFile(file + '.gz', await gzip(bytes, { level: 9 }));
          }),
      );
    },
  };
}
