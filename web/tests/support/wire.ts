import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';

interface WireOptions {
  /** How fast each connection carries what the page sends. */
  readonly bytesPerSecond?: number;
}

/** A wire between the page and a server, which can be slow, cut and mended. */
export class Wire {
  private readonly server: Server;
  private readonly port: number;
  private readonly far: string;
  private readonly bytesPerSecond: number;
  private readonly sockets = new Set<Socket>();
  private whole = true;

  private constructor(server: Server, far: string, { bytesPerSecond = Infinity }: WireOptions) {
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('a wire has a port');
    this.server = server;
    this.port = bound.port;
    this.far = far;
    this.bytesPerSecond = bytesPerSecond;
    server.on('connection', (near) => this.join(near));
  }

  /** `address` is the server's `host:port`. */
  static async to(address: string, options: WireOptions = {}): Promise<Wire> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Wire(server, address, options);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Breaks every connection, and refuses new ones. */
  cut(): void {
    this.whole = false;
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  mend(): void {
    this.whole = true;
  }

  async dispose(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(near: Socket): void {
    if (!this.whole) {
      near.resetAndDestroy();
      return;
    }
    const [host, port] = this.far.split(':');
    const far = connect({ host: host ?? '', port: Number(port) });
    this.carry(near, far, this.bytesPerSecond);
    this.carry(far, near, Infinity);
  }

  /** Until either end breaks, which breaks the other. */
  private carry(from: Socket, to: Socket, bytesPerSecond: number): void {
    this.sockets.add(from);
    from.once('close', () => this.sockets.delete(from));
    pipeline(from, (chunks) => paced(chunks, bytesPerSecond), to).catch(() => {
      from.destroy();
      to.destroy();
    });
  }
}

async function* paced(chunks: AsyncIterable<Buffer>, bytesPerSecond: number) {
  for await (const chunk of chunks) {
    if (bytesPerSecond < Infinity) await delay((chunk.length / bytesPerSecond) * 1000);
    yield chunk;
  }
}
