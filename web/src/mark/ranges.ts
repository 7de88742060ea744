/** What the server takes of each number: the same limits as in `schemas/src/recipe/values`. */
export interface Range {
  readonly min: number;
  readonly max: number;
  /** The smallest difference that is kept. */
  readonly step: number;
}

export const SIDE_MAX_PX = 16_384;

export const RANGES = {
  sizePercent: { min: 0.5, max: 25, step: 0.01 },
  opacity: { min: 0, max: 1, step: 0.001 },
  rotateDegrees: { min: -360, max: 360, step: 0.1 },
  spacingPercent: { min: 0, max: 100, step: 0.01 },
  logoSizePercent: { min: 0.5, max: 100, step: 0.01 },
  width: { min: 1, max: SIDE_MAX_PX, step: 1 },
  height: { min: 1, max: SIDE_MAX_PX, step: 1 },
  quality: { min: 1, max: 100, step: 1 },
} as const satisfies Record<string, Range>;

export type NumberField = keyof typeof RANGES;
