import { svelte } from '@sveltejs/vite-plugin-svelte';
import tailwindcss from '@tailwindcss/vite';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { precompress } from './precompress.ts';

// The service that `make dev` starts; the pages speak to its API as if it were their own.
const service = process.env.MAILSTEAD_SERVICE ?? 'http://127.0.0.1:8420';

export default defineConfig({
  base: './', // files find each other beside them: the service may live below a path of its proxy
  plugins: [tailwindcss(), svelte(), precompress()],
  resolve: { alias: { $lib: fileURLToPath(new URL('./src/lib', import.meta.url)) } },
  build: {
    target: 'es2023',
    cssTarget: ['chrome123', 'firefox125', 'safari17.5'], // they know light-dark() and popovers
    assetsInlineLimit: 0, // the Content-Security-Policy allows no data: scripts and fonts
    modulePreload: { polyfill: false },
    rolldownOptions: { checks: { pluginTimings: false, bundlerTimings: false } },
  },
  server: { proxy: { '/api': service, '/healthz': service, '/readyz': service } },
});
