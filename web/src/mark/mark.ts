import type { OutputFormat } from '../api/types';

export const POSITIONS = [
  'top-left',
  'top',
  'top-right',
  'left',
  'center',
  'right',
  'bottom-left',
  'bottom',
  'bottom-right',
] as const;

export type Place = (typeof POSITIONS)[number];
export type Position = Place | 'auto' | 'tile';
export const ALIGNS = ['auto', 'left', 'center', 'right'] as const;
export type Align = (typeof ALIGNS)[number];

type Color = 'auto' | `#${string}`;

/** What the user wishes: the recipe's fields, named as in the form of `POST /upload`, before variables are replaced. */
export interface Mark {
  readonly text: string;
  readonly position: Position;
  /** Height of a capital letter in percent of √(width·height). */
  readonly sizePercent: number;
  readonly opacity: number | 'auto';
  readonly color: Color;
  readonly rotateDegrees: number;
  readonly align: Align;
  /** Room between tiles in percent of √(width·height). */
  readonly spacingPercent: number;
  readonly logoSizePercent: number;
  readonly format: OutputFormat | 'auto';
  /** The box to fit in, in pixels; null leaves a side free. */
  readonly width: number | null;
  readonly height: number | null;
  readonly quality: number | 'auto' | 'keep';
}

/** What the page begins with. */
export const MARK_DEFAULT: Mark = {
  text: 'NWS © {year}',
  position: 'bottom-right',
  sizePercent: 3,
  opacity: 'auto',
  color: 'auto',
  rotateDegrees: 0,
  align: 'auto',
  spacingPercent: 10,
  logoSizePercent: 10,
  format: 'jpeg',
  width: 1920,
  height: 1080,
  quality: 'auto',
};

/** What is sent beside the photo. */
export interface Order {
  /** The form's fields by their public names (`wm_text`, …), as text. */
  readonly fields: ReadonlyArray<readonly [name: string, value: string]>;
  readonly logo: File | null;
}
