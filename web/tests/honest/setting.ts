import type { Mark } from '../../src/mark/mark';

export type GroundKind = 'dark' | 'bright' | 'busy' | 'slope' | 'one-calm-corner';

/** A photo, a mark, and perhaps a logo. */
export interface Setting {
  readonly ground: GroundKind;
  readonly width: number;
  readonly height: number;
  readonly mark: Partial<Mark>;
  readonly logo?: boolean;
  /** As a JPEG that a camera held upright would write: stored lying, with an orientation. */
  readonly turned?: boolean;
  /** A mark that is sent to the server instead, to see that the comparison notices. */
  readonly sent?: Partial<Mark>;
}

/** What was found; lengths in pixels of the result. */
export interface Findings {
  readonly size: { readonly preview: string; readonly server: string };
  /** Left, top, right and bottom of both marks. */
  readonly boxes: readonly (readonly number[])[];
  /** How far the edges of the masks' bounding boxes are apart at most. */
  readonly apart: number;
  readonly markHeight: number;
  /** What both masks cover of what either covers. */
  readonly overlap: number;
  /** Of the letters, measured in the pixels, by the ink that the preview says it uses; null without letters. */
  readonly opacity: { readonly preview: number; readonly server: number } | null;
  /** Mean difference of what the two marks change, 0 to 255. */
  readonly change: number;
  readonly ink: string;
}
