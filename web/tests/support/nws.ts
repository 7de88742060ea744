import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** The binary under test: what `cargo build` made, unless another is named. */
export const BINARY = path.resolve(
  process.env.NWS_BIN ?? path.join(import.meta.dirname, '../../../target/debug/nws'),
);

/** A whole system of its own on a free port, with a data folder of its own. */
export class Nws {
  private readonly data: string;
  private readonly settings: readonly string[];
  private running: Running;

  private constructor(data: string, settings: readonly string[], running: Running) {
    this.data = data;
    this.settings = settings;
    this.running = running;
  }

  /** Settings are written as `key=value`, as after `--set`. */
  static async start(settings: readonly string[] = []): Promise<Nws> {
    const data = await mkdtemp(path.join(tmpdir(), 'nws-page-'));
    return new Nws(data, settings, await run(data, '127.0.0.1:0', settings));
  }

  get address(): string {
    return this.running.address;
  }

  get url(): string {
    return `http://${this.address}`;
  }

  /** Ends it at once, as a power cut would. */
  async kill(): Promise<void> {
    const { child } = this.running;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Starts it again where it was, with what it had. */
  async startAgain(): Promise<void> {
    this.running = await run(this.data, this.address, this.settings);
  }

  /** Its originals are gone, as after a disk that failed. To be called while it is down. */
  async loseOriginals(): Promise<void> {
    const originals = path.join(this.data, 'objects', 'original');
    const names = await readdir(originals);
    await Promise.all(names.map((name) => rm(path.join(originals, name), { recursive: true })));
  }

  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.data, { recursive: true, force: true });
  }
}

interface Running {
  readonly child: ChildProcess;
  readonly address: string;
}

async function run(data: string, listen: string, settings: readonly string[]): Promise<Running> {
  const set = settings.flatMap((setting) => ['--set', setting]);
  const [program, ...before] = mortal(BINARY);
  const child = spawn(program, [...before, 'run', '--data', data, '--listen', listen, ...set], {
    env: { ...withoutSettings(process.env), NWS_LOG_FORMAT: 'json' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return { child, address: await servedAddress(child) };
}

/** Under Linux a server ends with the process that started it, even when that is killed. */
function mortal(program: string): [string, ...string[]] {
  return process.platform === 'linux' ? ['setpriv', '--pdeathsig', 'KILL', program] : [program];
}

function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = ([name]: [string, unknown]) => !name.startsWith('NWS_') || name === 'NWS_TEST_RUN';
  return Object.fromEntries(Object.entries(environment).filter(kept));
}

/** The address in the log line that says what is served. The log is read on: a full pipe would stop the server. */
function servedAddress(child: ChildProcess): Promise<string> {
  const { stderr } = child;
  if (!stderr) throw new Error('standard error is piped');
  const seen: string[] = [];
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    createInterface({ input: stderr })
      .on('line', (line) => {
        const address = addressIn(line);
        if (address) resolve(address);
        seen.push(line);
      })
      .once('close', () => reject(new Error(`nws ended before it served:\n${seen.join('\n')}`)));
  });
}

function addressIn(line: string): string | null {
  const said = /"listen\.address":"([^"]+)"/.exec(line);
  return said?.[1] ?? null;
}
