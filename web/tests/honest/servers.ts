import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { createServer } from 'vite';

const WEB = path.resolve(import.meta.dirname, '../..');
const BINARY = path.resolve(WEB, process.env.NWS_BIN ?? '../target/debug/nws');

/** The page's modules and the real server, behind one address. */
export interface Servers {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

export async function startServers(): Promise<Servers> {
  const data = await mkdtemp(path.join(tmpdir(), 'nws-honest-'));
  const arguments_ = ['run', '--data', data, '--listen', '127.0.0.1:0'];
  const environment = { ...process.env, NWS_LOG_FORMAT: 'json' };
  const nws = spawn(BINARY, arguments_, { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
  const target = await servedAddress(nws);
  const vite = await createServer({
    root: WEB,
    logLevel: 'error',
    cacheDir: path.join(data, 'vite'),
    server: { port: 0, host: '127.0.0.1', proxy: { '/upload': target } },
  });
  await vite.listen();
  const stop = async () => {
    await vite.close();
    await ended(nws);
    await rm(data, { recursive: true, force: true });
  };
  return { url: vite.resolvedUrls?.local[0] ?? '', stop };
}

/** The address in the log line that says what is served. The log is read on: a full pipe would stop the server. */
function servedAddress({ stderr }: ChildProcess): Promise<string> {
  if (!stderr) throw new Error('standard error is piped');
  const seen: string[] = [];
  return new Promise((resolve, reject) => {
    createInterface({ input: stderr })
      .on('line', (line) => {
        const address = /"listen\.address":"([^"]+)"/.exec(line)?.[1];
        if (address) resolve(`http://${address}`);
        seen.push(line);
      })
      .once('close', () => reject(new Error(`nws ended before it served:\n${seen.join('\n')}`)));
  });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
