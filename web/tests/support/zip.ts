import { crc32 } from 'node:zlib';

/** The files of a ZIP that keeps them as they are, by their names. Throws where it is none, or damaged. */
export function unzip(zip: Buffer): Map<string, Buffer> {
  const end = zip.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  if (end < 0) throw new Error('no end of a ZIP');
  const files = new Map<string, Buffer>();
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    const { name, bytes, next } = entryAt(zip, at);
    files.set(name, bytes);
    at = next;
  }
  return files;
}

/** What the central directory says at `at`, and the bytes that it points to (PKWARE APPNOTE 4.3.12 and 4.3.7). */
function entryAt(zip: Buffer, at: number) {
  if (zip.readUInt32LE(at) !== 0x02014b50) throw new Error(`no entry at ${at}`);
  if (zip.readUInt16LE(at + 10) !== 0) throw new Error('a packed entry');
  const sizeBytes = zip.readUInt32LE(at + 24);
  const nameEnd = at + 46 + zip.readUInt16LE(at + 28);
  const name = zip.toString('utf8', at + 46, nameEnd);
  const local = zip.readUInt32LE(at + 42);
  const begin = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const bytes = zip.subarray(begin, begin + sizeBytes);
  if (crc32(bytes) !== zip.readUInt32LE(at + 16)) throw new Error(`${name} is damaged`);
  return { name, bytes, next: nameEnd + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32) };
}
