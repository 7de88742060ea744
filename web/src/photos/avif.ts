import type { Size } from './photo';
import { latin, type Slices } from './slices';

/** Boxes of one level that are looked at. Real files have a dozen; one of tiles has as many sizes as kinds of tiles. */
const BOXES_MAX = 256;

export interface Box {
  readonly name: string;
  readonly content: Slices;
}

/**
 * The largest picture that an AVIF describes, and whether one is turned by a quarter.
 *
 * Which description belongs to which picture is not looked up: the others are tiles, or as large as the first.
 */
export async function readAvifSize(file: Slices): Promise<Size | null> {
  const meta = find(await readBoxes(file), 'meta');
  const properties = meta && find(await readBoxes(meta, 4), 'iprp');
  const container = properties && find(await readBoxes(properties), 'ipco');
  if (!container) return null;
  const boxes = await readBoxes(container);
  const extents = boxes.filter(({ name }) => name === 'ispe');
  const sizes = await Promise.all(extents.map(({ content }) => readExtent(content)));
  const [largest] = sizes.sort((a, b) => b.width * b.height - a.width * a.height);
  if (!largest) return null;
  const quarters = (await find(boxes, 'irot')?.view(0, 1))?.getUint8(0) ?? 0;
  return quarters % 2 === 1 ? { width: largest.height, height: largest.width } : largest;
}

/** The boxes of a file or of a box, as long as they are whole enough to be told from each other. */
export async function readBoxes(parent: Slices, from = 0): Promise<Box[]> {
  const boxes: Box[] = [];
  for (let at = from; boxes.length < BOXES_MAX; ) {
    const head = await parent.view(at, 8).catch(() => null);
    if (!head) break;
    const length = lengthOf(head.getUint32(0));
    if (length < 8) break;
    boxes.push({ name: latin(head, 4, 4), content: parent.part(at + 8, length - 8) });
    at += length;
  }
  return boxes;
}

function find(boxes: readonly Box[], name: string): Slices | undefined {
  return boxes.find((box) => box.name === name)?.content;
}

async function readExtent(content: Slices): Promise<Size> {
  const extent = await content.view(4, 8);
  return { width: extent.getUint32(0), height: extent.getUint32(4) };
}

/** 0 is all that is left. A length of 64 bits is only met in front of pixels, behind which nothing is looked for. */
function lengthOf(said: number): number {
  return said === 0 || said === 1 ? Number.MAX_SAFE_INTEGER : said;
}
