import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import path from 'node:path';

/** The page as it was built last. */
const PAGE = path.resolve(
  process.env.NWS_PAGE_DIST ?? path.join(import.meta.dirname, '../../dist'),
);
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; img-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
const SCOPES: ReadonlyArray<readonly [path: RegExp, scope: string]> = [
  [/^\/upload$/, 'upload'],
  [/^\/(status|events|image|stats)/, 'read'],
  [/^\/admin\//, 'admin'],
];

/** What is told of the dead letters, and what becomes of one that is replayed; a number is a refusal's status. */
export interface FakeLetters {
  list: () => unknown;
  replay: (id: string) => unknown;
}

/** A door before a server that is open to all: it lets in who has a key, and keeps the dead letters in its hand. */
export class Gate {
  readonly letters: FakeLetters = {
    list: () => ({ letters: [], total: 0, complete: true }),
    replay: () => 404,
  };
  /** The scopes of each key that is let in; null while everybody is. */
  keys: Map<string, readonly string[]> | null = null;
  /** The one key that uploads are taken with, so that they are the first to hear of it; null where any will do. */
  uploadsOnlyWith: string | null = null;
  /** All that came to the door, with its credential. */
  readonly seen: string[] = [];
  private readonly server: Server;
  private readonly far: string;

  private constructor(server: Server, far: string) {
    this.server = server;
    this.far = far;
    server.on('request', (asked, answer) => void this.meet(asked, answer));
  }

  static async before(address: string): Promise<Gate> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Gate(server, address);
  }

  get url(): string {
    const bound = this.server.address();
    if (bound === null || typeof bound === 'string') throw new Error('a gate has a port');
    return `http://127.0.0.1:${bound.port}`;
  }

  async dispose(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async meet(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { pathname } = new URL(asked.url ?? '/', this.url);
    const key = /^Bearer (.+)$/.exec(asked.headers.authorization ?? '')?.[1] ?? null;
    this.seen.push(`${asked.method} ${asked.url} ${key}`);
    const refused = this.refusal(pathname, key);
    // A browser that is refused in the middle of an upload may not hear why.
    if (refused) {
      asked.resume();
      await once(asked, 'end');
      return void say(answer, ...refused);
    }
    if (pathname.startsWith('/admin/')) return this.tell(asked, pathname, answer);
    const file = await pageFile(pathname);
    if (file) return void answer.writeHead(200, file.headers).end(file.bytes);
    this.pass(asked, answer);
  }

  private refusal(pathname: string, key: string | null): Refusal | null {
    const scope = SCOPES.find(([path]) => path.test(pathname))?.[1];
    if (!this.keys || !scope) return null;
    const scopes = this.scopesOf(key, scope);
    if (!scopes)
      return [401, key === null ? 'this needs a credential' : 'there is no such API key', {}];
    if (scopes.includes(scope)) return null;
    const challenge = `Bearer realm="nws", error="insufficient_scope", scope="${scope}"`;
    return [403, `this needs the scope ${scope}`, { 'www-authenticate': challenge }];
  }

  private scopesOf(key: string | null, scope: string): readonly string[] | undefined {
    const isTooOld =
      scope === 'upload' && this.uploadsOnlyWith !== null && key !== this.uploadsOnlyWith;
    return key === null || isTooOld ? undefined : this.keys?.get(key);
  }

  private tell(asked: IncomingMessage, pathname: string, answer: ServerResponse): void {
    const id = /^\/admin\/dlq\/([^/]+)\/replay$/.exec(pathname)?.[1];
    const isReplay = id !== undefined && asked.method === 'POST';
    const said = isReplay ? this.letters.replay(decodeURIComponent(id)) : this.letters.list();
    if (typeof said === 'number') say(answer, said, 'refused', {});
    else answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said));
  }

  private pass(asked: IncomingMessage, answer: ServerResponse): void {
    const [host, port] = this.far.split(':');
    const { authorization: _, ...headers } = asked.headers;
    const onward = request({ host, port, path: asked.url, method: asked.method, headers });
    onward.on('response', (came) => {
      answer.writeHead(came.statusCode ?? 502, came.headers);
      came.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    asked.pipe(onward);
  }
}

type Refusal = [status: number, detail: string, headers: Record<string, string>];

function say(answer: ServerResponse, ...[status, detail, headers]: Refusal): void {
  const problem = { type: 'urn:nws:problem:refused', title: 'Refused', status, detail };
  answer.writeHead(status, { 'content-type': 'application/problem+json', ...headers });
  answer.end(JSON.stringify(problem));
}

async function pageFile(pathname: string) {
  const isPage =
    pathname === '/' || pathname === '/favicon.svg' || /^\/assets\/[\w.-]+$/.test(pathname);
  if (!isPage) return null;
  const name = pathname === '/' ? '/index.html' : pathname;
  const bytes = await readFile(path.join(PAGE, name));
  const type = TYPES[path.extname(name)] ?? 'application/octet-stream';
  return { bytes, headers: { 'content-type': type, 'content-security-policy': POLICY } };
}
