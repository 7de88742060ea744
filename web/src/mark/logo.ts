import type { Limits } from '../api/types';
import type { Problem } from './checks';
import type { LogoPicture } from './drawing/scene';

/** A logo that the server would take. */
export interface Logo {
  readonly file: File;
  readonly picture: LogoPicture;
}

// The server's own (`engine/src/logo.rs`), where it has not told its limits yet.
const LOGO_BYTES_MAX = 1024 * 1024;
const LOGO_PIXELS_MAX = 4 * 1024 * 1024;
/** Side of the picture that is looked through for anything that can be seen. */
const LOOKED_AT_PX = 128;

/** Reads a logo, and refuses what the server would refuse. */
export async function readLogo(file: File, limits: Limits | null): Promise<Logo | Problem> {
  const bytesMax = limits?.logoBytesMax ?? LOGO_BYTES_MAX;
  if (file.size > bytesMax) return { why: 'logo-bytes', measured: file.size, limit: bytesMax };
  if (!(await isPngOrWebp(file))) return { why: 'logo-format' };
  const image = await createImageBitmap(file).catch(() => null);
  if (!image) return { why: 'logo-broken' };
  const { width, height } = image;
  const pixelsMax = limits?.logoPixelsMax ?? LOGO_PIXELS_MAX;
  if (width * height > pixelsMax) {
    return { why: 'logo-pixels', measured: width * height, limit: pixelsMax };
  }
  return isVisible(image) ? { file, picture: { image, width, height } } : { why: 'logo-invisible' };
}

async function isPngOrWebp(file: Blob): Promise<boolean> {
  const head = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  const text = String.fromCharCode(...head);
  return text.startsWith('\x89PNG\r\n\x1a\n') || (text.startsWith('RIFF') && text.endsWith('WEBP'));
}

function isVisible(image: ImageBitmap): boolean {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [LOOKED_AT_PX, LOOKED_AT_PX];
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  pen?.drawImage(image, 0, 0, LOOKED_AT_PX, LOOKED_AT_PX);
  const { data } = pen?.getImageData(0, 0, LOOKED_AT_PX, LOOKED_AT_PX) ?? { data: [] };
  return data.some((value, at) => at % 4 === 3 && value > 0);
}
