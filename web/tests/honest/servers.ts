import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createServer } from 'vite';
import { Nws } from '../support/nws';

const WEB = path.resolve(import.meta.dirname, '../..');

/** The page's modules and the real server, behind one address. */
export interface Servers {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

export async function startServers(): Promise<Servers> {
  const cacheDir = await mkdtemp(path.join(tmpdir(), 'nws-honest-'));
  const nws = await Nws.start();
  const vite = await createServer({
    root: WEB,
    logLevel: 'error',
    cacheDir,
    server: { port: 0, host: '127.0.0.1', proxy: { '/upload': nws.url } },
  });
  await vite.listen();
  const stop = async () => {
    await vite.close();
    await nws.dispose();
    await rm(cacheDir, { recursive: true, force: true });
  };
  return { url: vite.resolvedUrls?.local[0] ?? '', stop };
}
