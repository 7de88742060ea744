import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** Where a running `nws` answers while the page is worked on: `NWS_URL=http://127.0.0.1:3001 npm run dev`. */
const server = process.env.NWS_URL ?? 'http://127.0.0.1:3000';
const routes = ['/upload', '/status', '/events', '/image', '/limits', '/stats', '/ready', '/admin'];

const inChromium = {
  environment: 'node',
  globalSetup: 'tests/support/chromium.ts',
  // A server, its workers and a browser share the cores with each test.
  maxWorkers: 2,
  // Far beyond what a test takes, so that only what never comes fails.
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

export default defineConfig({
  plugins: [react()],
  build: {
    target: ['chrome123', 'firefox124', 'safari17.5'],
    // A file inside a `data:` address would need a wider policy than `'self'`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What is bundled comes with its authors' names and conditions.
    license: { fileName: 'licenses.md' },
  },
  server: {
    proxy: Object.fromEntries(routes.map((route) => [route, server])),
    // The preview draws with the engine's own letters.
    fs: { allow: ['.', '../engine/fonts'] },
  },
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'unit', environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'] },
      },
      {
        extends: true,
        test: { ...inChromium, name: 'e2e', include: ['tests/**/*.test.ts'] },
      },
      {
        extends: true,
        test: { ...inChromium, name: 'screenshots', include: ['tests/screenshots.ts'] },
      },
    ],
  },
});
