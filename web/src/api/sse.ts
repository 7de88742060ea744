/** One event as it was sent. */
export interface Frame {
  readonly event: string;
  readonly data: string;
  /** The id that this frame itself has; null where it has none, whatever came before. */
  readonly id: string | null;
}

/** Characters of a frame that is not complete yet. A job's state has a thousand. */
const FRAME_CHARS_MAX = 1 << 20;

/** Reads server-sent events from bytes, wherever they are cut (HTML Standard, section 9.2.6). */
export class FrameReader {
  /** What the server said to wait before a reconnect. */
  retryMs: number | null = null;
  /** What to come back with. */
  lastEventId: string | null = null;

  readonly #decoder = new TextDecoder();
  #line = '';
  #endsWithCr = false;
  #event = '';
  #data: string[] = [];
  #dataChars = 0;
  #id: string | null = null;

  /** The frames that these bytes complete. */
  push(bytes: Uint8Array): Frame[] {
    const lines = this.#lines(this.#decoder.decode(bytes, { stream: true }));
    const frames = lines.map((line) => this.#take(line)).filter((frame) => frame !== null);
    if (this.#line.length + this.#dataChars > FRAME_CHARS_MAX)
      throw new RangeError(`a frame is longer than ${FRAME_CHARS_MAX} characters`);
    return frames;
  }

  /** The lines that are complete. A CR may be one half of a line's end, whose other half is still on its way. */
  #lines(text: string): string[] {
    if (text === '') return [];
    const fresh = this.#endsWithCr && text.startsWith('\n') ? text.slice(1) : text;
    this.#endsWithCr = text.endsWith('\r');
    const lines = (this.#line + fresh).split(/\r\n|\r|\n/);
    this.#line = lines.pop() ?? '';
    return lines;
  }

  #take(line: string): Frame | null {
    if (line === '') return this.#dispatch();
    const [field, value] = halves(line);
    if (field === 'event') this.#event = value;
    if (field === 'data') this.#note(value);
    if (field === 'id' && !value.includes('\0')) this.#id = value;
    if (field === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value);
    return null;
  }

  #note(data: string): void {
    this.#data.push(data);
    this.#dataChars += data.length + 1;
  }

  #dispatch(): Frame | null {
    const frame = { event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id };
    const hasData = this.#data.length > 0;
    this.lastEventId = this.#id ?? this.lastEventId;
    this.#event = '';
    this.#data = [];
    this.#dataChars = 0;
    this.#id = null;
    return hasData ? frame : null;
  }
}

/** A line's field and value; a comment has no field. */
function halves(line: string): [field: string, value: string] {
  const colon = line.indexOf(':');
  if (colon < 0) return [line, ''];
  const value = line.slice(colon + 1);
  return [line.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value];
}
