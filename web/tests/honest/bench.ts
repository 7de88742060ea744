import { type Drawn, drawMark } from '../../src/mark/drawing/draw';
import { outputSize } from '../../src/mark/drawing/fit';
import type { Ground } from '../../src/mark/drawing/ground';
import { facesFor, loadLetters } from '../../src/mark/drawing/letters';
import { decodePhoto, layGround } from '../../src/mark/drawing/picture';
import { fields } from '../../src/mark/fields';
import { MARK_DEFAULT, type Mark } from '../../src/mark/mark';
import { NO_EXIF } from '../../src/mark/text/exif';
import { expand } from '../../src/mark/text/variables';
import { blobOf, groundOf, lying, paintedLogo, penOf, withOrientation } from './grounds';
import type { Findings, Setting } from './setting';

/** What a mark changed in a picture. */
interface Marked extends Ground {
  readonly before: Uint8ClampedArray;
}

/** A channel has to change by this much, of 255, before a pixel counts as marked. */
const NOTICED = 20;

declare global {
  interface Window {
    compare: (setting: Setting) => Promise<Findings>;
  }
}

window.compare = async (setting) => {
  const upright = groundOf(setting);
  const photo = setting.turned
    ? await withOrientation(await blobOf(lying(upright), 'image/jpeg'))
    : await blobOf(upright, 'image/png');
  const logo = setting.logo ? paintedLogo() : null;
  const mark: Mark = { ...MARK_DEFAULT, format: 'png', ...setting.mark };
  const { preview, drawn } = await previewed(photo, mark, logo);
  const server = await served(photo, { ...mark, ...setting.sent }, logo);
  return findings(preview, server, drawn);
};

async function previewed(photo: Blob, mark: Mark, logo: HTMLCanvasElement | null) {
  const beneath = await decodePhoto(photo, null);
  if (!beneath) throw new Error('the photo cannot be decoded');
  const output = outputSize(beneath.size, mark);
  const canvas = document.createElement('canvas');
  const ground = layGround(canvas, beneath, output);
  const context = { now: new Date(), filename: 'photo.png', size: beneath.size, exif: NO_EXIF };
  const text = mark.text === '' ? null : expand(mark.text, context);
  if (text !== null && typeof text !== 'string') throw new Error(text.why);
  const letters = await loadLetters(facesFor(text ?? ''));
  const picture = logo && { image: logo, width: logo.width, height: logo.height };
  const pen = penOf(canvas);
  const drawn = drawMark(pen, { mark, text, letters, logo: picture, output, ground });
  const { data } = pen.getImageData(0, 0, ground.width, ground.height);
  return { preview: { ...ground, before: ground.data, data }, drawn };
}

/** The server's result, and what it makes of the photo with a mark that cannot be seen. */
async function served(photo: Blob, mark: Mark, logo: HTMLCanvasElement | null): Promise<Marked> {
  const after = await result(photo, mark, logo);
  const before = await result(photo, { ...mark, opacity: 0 }, logo);
  return { ...after, before: before.data };
}

async function result(photo: Blob, mark: Mark, logo: HTMLCanvasElement | null): Promise<Ground> {
  const form = new FormData();
  for (const [name, value] of fields(mark, logo !== null)) form.append(name, value);
  if (logo) form.append('wm_logo', await blobOf(logo, 'image/png'), 'logo.png');
  form.append('image', photo, 'photo.png');
  const headers = { Accept: 'image/png', Prefer: 'wait=60' };
  const answer = await fetch('/upload', { method: 'POST', body: form, headers });
  const type = answer.headers.get('content-type');
  if (type !== 'image/png') throw new Error(`${answer.status}: ${await answer.text()}`);
  const bitmap = await createImageBitmap(await answer.blob());
  const canvas = document.createElement('canvas');
  const { width, height } = bitmap;
  [canvas.width, canvas.height] = [width, height];
  const pen = penOf(canvas);
  pen.drawImage(bitmap, 0, 0);
  return { width, height, data: pen.getImageData(0, 0, width, height).data };
}

function findings(preview: Marked, server: Marked, drawn: Drawn): Findings {
  const [one, other] = [maskOf(preview), maskOf(server)];
  const [box, otherBox] = [boxOf(one, preview.width), boxOf(other, server.width)];
  return {
    size: {
      preview: `${preview.width}×${preview.height}`,
      server: `${server.width}×${server.height}`,
    },
    boxes: [box, otherBox],
    apart: Math.max(...box.map((edge, index) => Math.abs(edge - (otherBox[index] ?? 0)))),
    markHeight: (box[3] ?? 0) - (box[1] ?? 0),
    overlap: overlapOf(one, other),
    opacity: drawn.coverage && drawn.ink && opacities(preview, server, drawn),
    change: changeBetween(preview, server, one, other),
    ink: JSON.stringify(drawn.ink),
  };
}

function maskOf({ data, before }: Marked): Uint8Array {
  const mask = new Uint8Array(data.length / 4);
  for (let at = 0; at < data.length; at += 1) {
    if (Math.abs((data[at] ?? 0) - (before[at] ?? 0)) >= NOTICED) mask[at >> 2] = 1;
  }
  return mask;
}

/** Left, top, right, bottom. */
function boxOf(mask: Uint8Array, width: number): number[] {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  mask.forEach((marked, at) => {
    if (marked === 0) return;
    const [x, y] = [at % width, Math.floor(at / width)];
    box[0] = Math.min(box[0] ?? x, x);
    box[1] = Math.min(box[1] ?? y, y);
    box[2] = Math.max(box[2] ?? x, x);
    box[3] = Math.max(box[3] ?? y, y);
  });
  return box;
}

function overlapOf(one: Uint8Array, other: Uint8Array): number {
  let [both, either] = [0, 0];
  for (let at = 0; at < one.length; at += 1) {
    const [a, b] = [one[at] ?? 0, other[at] ?? 0];
    both += a & b;
    either += a | b;
  }
  return both / either;
}

function changeBetween(preview: Marked, server: Marked, one: Uint8Array, other: Uint8Array) {
  let [sum, count] = [0, 0];
  const change = ({ data, before }: Marked, at: number) => (data[at] ?? 0) - (before[at] ?? 0);
  for (let at = 0; at < preview.data.length; at += 1) {
    if (at % 4 === 3 || !(one[at >> 2] || other[at >> 2])) continue;
    sum += Math.abs(change(preview, at) - change(server, at));
    count += 1;
  }
  return sum / count;
}

/** How far the pixels whole inside the letters went from the ground to the preview's ink, in the middle of all. */
function opacities(preview: Marked, server: Marked, { coverage, corners, ink }: Drawn) {
  if (!coverage || !ink) return null;
  const went: { preview: number[]; server: number[] } = { preview: [], server: [] };
  for (const [left, top] of corners) {
    coverage.letters.forEach((covered, at) => {
      const x = left + (at % coverage.width);
      const y = top + Math.floor(at / coverage.width);
      const isSeen = x >= 0 && y >= 0 && x < preview.width && y < preview.height;
      if (covered < 250 || !isSeen) return;
      const from = 4 * (y * preview.width + x);
      for (const channel of [0, 1, 2] as const) {
        const way = (picture: Marked) => {
          const ground = picture.before[from + channel] ?? 0;
          const all = ink.letters[channel] - ground;
          return Math.abs(all) < 60 ? null : ((picture.data[from + channel] ?? 0) - ground) / all;
        };
        const ways = [way(preview), way(server)] as const;
        if (ways[0] !== null && ways[1] !== null) {
          went.preview.push(ways[0]);
          went.server.push(ways[1]);
        }
      }
    });
  }
  return { preview: median(went.preview), server: median(went.server) };
}

function median(values: number[]): number {
  return values.sort((one, other) => one - other)[values.length >> 1] ?? Number.NaN;
}
