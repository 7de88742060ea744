import type { Limits } from '../api/types';
import { FIRST_BYTES, formatOf } from '../photos/formats';
import type { Problem } from './checks';
import type { LogoPicture } from './drawing/scene';

/** A logo that the server would take. */
export interface Logo {
  readonly file: File;
  readonly picture: LogoPicture & { readonly image: ImageBitmap };
}

// The server's own (`engine/src/logo.rs`), where it has not told its limits yet.
const LOGO_BYTES_MAX = 1024 * 1024;
const LOGO_PIXELS_MAX = 4 * 1024 * 1024;

/** The formats that the server takes a logo in. */
export const MEDIA_TYPES: readonly string[] = ['image/png', 'image/webp'];
/** Side of the picture that is looked through for anything that can be seen. */
const LOOKED_AT_PX = 128;

/** Reads a logo, and refuses what the server would refuse. */
export async function readLogo(file: File, limits: Limits | null): Promise<Logo | Problem> {
  const bytesMax = limits?.logoBytesMax ?? LOGO_BYTES_MAX;
  if (file.size > bytesMax) return { why: 'logo-bytes', measured: file.size, limit: bytesMax };
  if (!(await isOfFormatTaken(file))) return { why: 'logo-format' };
  const image = await createImageBitmap(file).catch(() => null);
  if (!image) return { why: 'logo-broken' };
  const { width, height } = image;
  const problem = problemOf(image, limits?.logoPixelsMax ?? LOGO_PIXELS_MAX);
  if (!problem) return { file, picture: { image, width, height } };
  image.close();
  return problem;
}

/** Gives back its pixels, which may be 16 MB that nobody draws any more. */
export function releaseLogo(logo: Logo): void {
  logo.picture.image.close();
}

async function isOfFormatTaken(file: Blob): Promise<boolean> {
  const format = formatOf(new DataView(await file.slice(0, FIRST_BYTES).arrayBuffer()));
  return 'mediaType' in format && MEDIA_TYPES.includes(format.mediaType);
}

function problemOf(image: ImageBitmap, pixelsMax: number): Problem | null {
  const pixels = image.width * image.height;
  if (pixels > pixelsMax) return { why: 'logo-pixels', measured: pixels, limit: pixelsMax };
  return isVisible(image) ? null : { why: 'logo-invisible' };
}

function isVisible(image: ImageBitmap): boolean {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [LOOKED_AT_PX, LOOKED_AT_PX];
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  pen?.drawImage(image, 0, 0, LOOKED_AT_PX, LOOKED_AT_PX);
  const { data } = pen?.getImageData(0, 0, LOOKED_AT_PX, LOOKED_AT_PX) ?? { data: [] };
  return data.some((value, at) => at % 4 === 3 && value > 0);
}
