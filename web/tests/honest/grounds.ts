import type { GroundKind, Setting } from './setting';

/** Paints the photo of a setting, upright. */
export function groundOf({ ground, width, height }: Setting): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  const pen = penOf(canvas);
  PAINTERS[ground](pen, width, height);
  return canvas;
}

/** A ring and a bar in colours, with nothing in its corners. */
export function paintedLogo(): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [300, 180];
  const pen = penOf(canvas);
  pen.lineWidth = 30;
  pen.strokeStyle = '#e0483a';
  pen.beginPath();
  pen.arc(90, 90, 70, 0, 7);
  pen.stroke();
  pen.fillStyle = '#1673c4';
  pen.fillRect(190, 20, 110, 140);
  return canvas;
}

/** A turn by a quarter, as a camera stores what it saw upright (EXIF orientation 6). */
export function lying(upright: HTMLCanvasElement): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [upright.height, upright.width];
  const pen = penOf(canvas);
  pen.setTransform(0, -1, 1, 0, 0, upright.width);
  pen.drawImage(upright, 0, 0);
  return canvas;
}

/** Puts an EXIF block with nothing but the orientation 6 behind the first marker. */
export async function withOrientation(jpeg: Blob): Promise<Blob> {
  const tiff = [
    0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0,
  ];
  const exif = [0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff];
  const segment = new Uint8Array([0xff, 0xe1, 0, exif.length + 2, ...exif]);
  return new Blob([jpeg.slice(0, 2), segment, jpeg.slice(2)], { type: 'image/jpeg' });
}

export function blobOf(canvas: HTMLCanvasElement, type: string): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const done = (blob: Blob | null) => (blob ? resolve(blob) : reject(new Error('no blob')));
    canvas.toBlob(done, type, 0.95);
  });
}

export function penOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  if (!pen) throw new Error('no canvas');
  return pen;
}

type Painter = (pen: CanvasRenderingContext2D, width: number, height: number) => void;

const PAINTERS: Record<GroundKind, Painter> = {
  dark: slope('#20262e', '#39424d'),
  bright: slope('#f2ede4', '#cfd8df'),
  slope: slope('#101418', '#e8eef2'),
  busy: (pen, width, height) => checks(pen, 0, 0, width, height),
  'one-calm-corner': (pen, width, height) => {
    checks(pen, 0, 0, width, height);
    pen.fillStyle = '#7b8794';
    pen.fillRect(0, height * 0.7, width * 0.55, height * 0.3);
  },
};

function slope(from: string, to: string): Painter {
  return (pen, width, height) => {
    const gradient = pen.createLinearGradient(0, 0, width, height);
    gradient.addColorStop(0, from);
    gradient.addColorStop(1, to);
    pen.fillStyle = gradient;
    pen.fillRect(0, 0, width, height);
  };
}

/** Tiles of chance, large enough to stay what they are when they become smaller. */
function checks(pen: CanvasRenderingContext2D, left: number, top: number, w: number, h: number) {
  const side = 24;
  let state = 7;
  for (let y = top; y < h; y += side) {
    for (let x = left; x < w; x += side) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      const light = 20 + ((state >>> 16) % 220);
      pen.fillStyle = `rgb(${light} ${(light * 7) % 256} ${255 - light})`;
      pen.fillRect(x, y, side, side);
    }
  }
}
