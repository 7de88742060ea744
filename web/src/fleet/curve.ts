/** Figures of the last minutes: at one every two seconds, five minutes. */
export const SAMPLES_MAX = 150;

/** `samples` with the newest one at the end, and no more than are drawn. */
export function withSample(samples: readonly number[], sample: number): readonly number[] {
  return [...samples, sample].slice(-SAMPLES_MAX);
}

export interface Box {
  readonly width: number;
  readonly height: number;
}

/** The outline of `samples`, the newest at the right edge, as an SVG path; nothing where there is no line yet. */
export function linePath(samples: readonly number[], { width, height }: Box): string {
  if (samples.length < 2) return '';
  const top = Math.max(...samples, Number.EPSILON);
  const apart = width / (SAMPLES_MAX - 1);
  const points = samples.map((sample, index) => {
    const x = width - (samples.length - 1 - index) * apart;
    return `${round(x)} ${round(height - (Math.max(0, sample) / top) * height)}`;
  });
  return `M${points.join('L')}`;
}

/** The same closed along the ground, to be filled. */
export function areaPath(samples: readonly number[], box: Box): string {
  const line = linePath(samples, box);
  if (line === '') return '';
  const left = box.width - (samples.length - 1) * (box.width / (SAMPLES_MAX - 1));
  return `${line}V${box.height}H${round(left)}Z`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
