interface Wish {
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  /** How much brighter or darker than its neighbours a pixel may be, of 255. */
  readonly grain: number;
}

/**
 * Paints ridges behind ridges under a low sun, and gives them as a JPEG in base64.
 *
 * It runs inside the browser, so it can name nothing that stands outside of it.
 */
export async function paintLandscape({ seed, width, height, grain }: Wish): Promise<string> {
  let state = seed * 2654435761;
  /** Mulberry32: 0 to 1, the same row of numbers for the same seed. */
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const canvas = new OffscreenCanvas(width, height);
  const brush = canvas.getContext('2d');
  if (!brush) throw new Error('no canvas');
  const cold = 205 + random() * 45;
  const warm = 12 + random() * 35;
  const horizon = height * (0.35 + random() * 0.15);

  const sky = brush.createLinearGradient(0, 0, 0, height);
  sky.addColorStop(0, `hsl(${cold} 45% ${34 + random() * 20}%)`);
  sky.addColorStop(0.5, `hsl(${warm} 75% 76%)`);
  sky.addColorStop(1, `hsl(${warm + 15} 80% 86%)`);
  brush.fillStyle = sky;
  brush.fillRect(0, 0, width, height);

  const sun = { x: width * (0.2 + random() * 0.6), y: horizon * 0.9, radius: height * 0.05 };
  const glow = brush.createRadialGradient(sun.x, sun.y, 0, sun.x, sun.y, sun.radius * 7);
  glow.addColorStop(0, 'hsl(45 100% 95%)');
  glow.addColorStop(0.13, 'hsl(45 100% 92% / 0.9)');
  glow.addColorStop(0.16, 'hsl(45 100% 85% / 0.35)');
  glow.addColorStop(1, 'hsl(45 100% 80% / 0)');
  brush.fillStyle = glow;
  brush.fillRect(0, 0, width, height);

  const ridges = 6;
  for (let ridge = 0; ridge < ridges; ridge += 1) {
    const depth = (ridge + 1) / ridges;
    const base = horizon + (height - horizon) * depth * 0.75;
    const waves = Array.from({ length: 7 }, (_, octave) => ({
      length: (width / (1.5 + ridge * 0.4)) * 0.5 ** octave,
      height: height * 0.09 * 0.52 ** octave,
      shift: random() * 100,
    }));
    brush.fillStyle = `hsl(${cold + 15 - depth * 60} ${16 + depth * 20}% ${66 - depth * 52}%)`;
    brush.beginPath();
    brush.moveTo(0, height);
    for (let x = 0; x <= width; x += 2) {
      const rise = waves.reduce((sum, w) => sum + Math.sin(x / w.length + w.shift) * w.height, 0);
      brush.lineTo(x, base - rise);
    }
    brush.lineTo(width, height);
    brush.fill();
  }

  const pixels = brush.getImageData(0, 0, width, height);
  for (let at = 0; at < pixels.data.length; at += 4) {
    const change = (random() - 0.5) * 2 * grain;
    for (let channel = at; channel < at + 3; channel += 1) {
      pixels.data[channel] = (pixels.data[channel] ?? 0) + change;
    }
  }
  brush.putImageData(pixels, 0, 0);

  const jpeg = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 });
  const bytes = new Uint8Array(await jpeg.arrayBuffer());
  const letters: string[] = [];
  for (let at = 0; at < bytes.length; at += 0x8000) {
    letters.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000)));
  }
  return btoa(letters.join(''));
}
