import type { Size } from '../../photos/photo';
import { fitted } from './fit';
import type { Ground } from './ground';

/** Pixels that the preview works on at most: those of the default box. More would not be seen, and cost a slider its ease. */
const PREVIEW_PIXELS_MAX = 1920 * 1080;

/** What is beneath the mark. */
export type Beneath =
  | { readonly kind: 'photo'; readonly size: Size; readonly bitmap: ImageBitmap }
  /** A photo that this browser cannot show. */
  | { readonly kind: 'plate'; readonly size: Size }
  /** No photo yet. */
  | { readonly kind: 'sample'; readonly size: Size };

/** Decodes a photo upright, once, no larger than the preview ever shows it; null where the browser cannot. */
export async function decodePhoto(file: Blob, known: Size | null): Promise<Beneath | null> {
  try {
    const size = known ?? (await sizeOf(file));
    const bitmap = await createImageBitmap(file, resizing(size));
    return { kind: 'photo', size, bitmap };
  } catch {
    return known && { kind: 'plate', size: known };
  }
}

/** `size`, or a smaller one of its ratio that the preview works on. */
function workingSize(size: Size): Size {
  const share = Math.sqrt(PREVIEW_PIXELS_MAX / (size.width * size.height));
  if (share >= 1) return size;
  const side = (pixels: number) => Math.max(1, Math.round(pixels * share));
  return { width: side(size.width), height: side(size.height) };
}

/** Shows what is beneath, as the result will have it, on a canvas that takes its size; and tells its pixels. */
export function layGround(canvas: HTMLCanvasElement, beneath: Beneath, output: Size): Ground {
  const { width, height } = workingSize(output);
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  if (!pen) throw new Error(`this browser gives no canvas of ${width} × ${height} pixels`);
  if (beneath.kind === 'photo') layPhoto(pen, beneath.bitmap);
  else if (beneath.kind === 'plate') layPlate(pen);
  else laySample(pen);
  return { width, height, data: pen.getImageData(0, 0, width, height).data };
}

async function sizeOf(file: Blob): Promise<Size> {
  const whole = await createImageBitmap(file);
  const { width, height } = whole;
  whole.close();
  return { width, height };
}

function resizing(size: Size): ImageBitmapOptions {
  const { width, height } = fitted(workingSize(size), size);
  if (width === size.width && height === size.height) return {};
  return { resizeWidth: width, resizeHeight: height, resizeQuality: 'high' };
}

/** What is transparent shows on white, as it does to the engine. */
function layPhoto(pen: CanvasRenderingContext2D, bitmap: ImageBitmap): void {
  const { width, height } = pen.canvas;
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, width, height);
  pen.imageSmoothingQuality = 'high';
  pen.drawImage(bitmap, 0, 0, width, height);
}

function layPlate(pen: CanvasRenderingContext2D): void {
  pen.fillStyle = '#63676e';
  pen.fillRect(0, 0, pen.canvas.width, pen.canvas.height);
}

/** Hills in the evening: bright above, dark below, calm and busy places. */
const HILLS = [
  { color: '#8d9aa6', top: 0.56, height: 0.07, waves: 2.1 },
  { color: '#62717d', top: 0.66, height: 0.09, waves: 1.4 },
  { color: '#36434d', top: 0.8, height: 0.08, waves: 2.6 },
] as const;

function laySample(pen: CanvasRenderingContext2D): void {
  const { width, height } = pen.canvas;
  const sky = pen.createLinearGradient(0, 0, 0, height);
  sky.addColorStop(0, '#b9c6d2');
  sky.addColorStop(0.6, '#ebe3d7');
  pen.fillStyle = sky;
  pen.fillRect(0, 0, width, height);
  for (const { color, top, height: rise, waves } of HILLS) {
    pen.fillStyle = color;
    pen.beginPath();
    pen.moveTo(0, height);
    for (let x = 0; x <= 64; x += 1) {
      const wave = Math.sin((x / 64) * Math.PI * 2 * waves + waves);
      pen.lineTo((x / 64) * width, (top - rise * wave) * height);
    }
    pen.lineTo(width, height);
    pen.fill();
  }
}
