/** Bytes that are read at once: most headers are within the first ones. */
const WINDOW_BYTES = 64 * 1024;

/** A file, read where it is looked at and never as a whole. */
export class Slices {
  readonly #file: Blob;
  #from = 0;
  #window = new DataView(new ArrayBuffer(0));

  constructor(file: Blob) {
    this.#file = file;
  }

  /** These bytes. Rejects where the file ends before. */
  async view(at: number, length: number): Promise<DataView> {
    const within = at >= this.#from && at + length <= this.#from + this.#window.byteLength;
    if (!within) await this.#look(at, Math.max(length, WINDOW_BYTES));
    return new DataView(this.#window.buffer, at - this.#from, length);
  }

  /** As many of these bytes as there are. */
  async upTo(at: number, length: number): Promise<DataView> {
    return this.view(at, Math.max(0, Math.min(length, this.#file.size - at)));
  }

  /** A part that begins at 0. */
  part(at: number, length: number): Slices {
    return new Slices(this.#file.slice(at, at + length));
  }

  async #look(at: number, length: number): Promise<void> {
    this.#window = new DataView(await this.#file.slice(at, at + length).arrayBuffer());
    this.#from = at;
  }
}

/** Bytes as text, one character each. */
export function latin(view: DataView, at = 0, length = view.byteLength - at): string {
  let text = '';
  for (let i = at; i < Math.min(at + length, view.byteLength); i++)
    text += String.fromCharCode(view.getUint8(i));
  return text;
}
