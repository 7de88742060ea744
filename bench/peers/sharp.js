// The jobs as a program around sharp does them: one request a line on stdin, one answer a line on stdout.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

// Installed where this is run, not where this file is.
const sharp = createRequire(`${process.cwd()}/`)('sharp');

const [, , fontFile] = process.argv;
const MARK = 'NWS © 2026';
// Of Inter, so that the letters are as high as the engine's.
const CAP_HEIGHT_EM = 0.727;

sharp.concurrency(1);
sharp.cache(false);

/** The marks by size and colour: drawn once, which a picture is not charged for. */
const marks = new Map();

async function work(request) {
  const { data, info } = await sharp(request.source)
    .autoOrient()
    .resize(request.width, request.height, { fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const bytes = await encoded(sharp(data, { raw: info }).composite([await placedMark(data, info)]), request).toBuffer();
  return { bytes, width: info.width, height: info.height };
}

function encoded(picture, { format, quality, effort }) {
  switch (format) {
    case 'jpeg':
      return picture.jpeg({ quality, chromaSubsampling: '4:2:0' });
    case 'webp':
      return picture.removeAlpha().webp({ quality, effort });
    case 'avif':
      return picture.removeAlpha().avif({ quality, effort, chromaSubsampling: '4:2:0' });
    default:
      // Else the mark's alpha stays, and the file grows by a third for nothing.
      return picture.removeAlpha().png();
  }
}

/** In the lower right corner, dark on light ground and light on dark. */
async function placedMark(data, { width, height }) {
  const unit = Math.sqrt(width * height);
  const margin = Math.round(0.025 * unit);
  const size = await markOf(unit, true);
  const [left, top] = [width - margin - size.width, height - margin - size.height];
  const mark = await markOf(unit, luminance(data, width, left, top, size) > 128);
  return { input: mark.data, raw: { width: mark.width, height: mark.height, channels: 4 }, left, top };
}

function luminance(data, width, left, top, size) {
  let sum = 0;
  for (let y = top; y < top + size.height; y++) {
    for (let at = 3 * (y * width + left), end = at + 3 * size.width; at < end; at += 3) {
      sum += 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
    }
  }
  return sum / (size.width * size.height);
}

async function markOf(unit, dark) {
  const points = Math.round((0.03 * unit) / CAP_HEIGHT_EM);
  const key = `${points} ${dark}`;
  if (!marks.has(key)) {
    const text = `<span foreground="${dark ? 'black' : 'white'}">${MARK}</span>`;
    const drawn = sharp({ text: { text, fontfile: fontFile, font: `Inter Semi Bold, ${points}`, rgba: true, dpi: 72 } });
    const { data, info } = await drawn.raw().toBuffer({ resolveWithObject: true });
    marks.set(key, { data, width: info.width, height: info.height });
  }
  return marks.get(key);
}

/** Milliseconds in user space and in the kernel, of all threads. */
function cpuMilliseconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

console.log(JSON.stringify({ version: `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}, node ${process.version}` }));
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const before = cpuMilliseconds();
  const { bytes, width, height } = await work(request);
  const cpuMs = cpuMilliseconds() - before;
  if (request.result) writeFileSync(request.result, bytes);
  console.log(JSON.stringify({ cpu_ms: cpuMs, bytes: bytes.length, width, height }));
}
