/** What tells of an animation stands before its pictures. */
const HEAD_BYTES = 64 * 1024;
/** The flag of an extended WebP that it moves (RFC 9649, 2.7). */
const WEBP_MOVES = 0x02;

/** Whether a file is an animation, by what its head says: a GIF that is repeated, an animated WebP or PNG. */
export async function moves(file: Blob): Promise<boolean> {
  try {
    return headMoves(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()));
  } catch {
    return false;
  }
}

export function headMoves(head: Uint8Array): boolean {
  const text = new TextDecoder('latin1').decode(head);
  if (text.startsWith('GIF8')) return text.includes('NETSCAPE2.0');
  if (text.startsWith('WEBPVP8X', 8)) return ((head[20] ?? 0) & WEBP_MOVES) !== 0;
  if (text.startsWith('PNG', 1))
    return text.split('IDAT', 1).some((before) => before.includes('acTL'));
  return false;
}
