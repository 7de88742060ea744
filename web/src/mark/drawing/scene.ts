import type { Size } from '../../photos/photo';
import type { Mark, Place } from '../mark';
import { calmest } from './calm';
import type { Ground } from './ground';
import { type Block, blockOf } from './layout';
import type { Letters } from './letters';
import { extentOf, regionOf, type Scale, scaleOf, unitOf } from './placement';
import { type Corner, tileCorners } from './tiling';
import { type Typeset, typeset } from './typeset';

/** All that the preview's picture depends on. */
export interface Scene {
  readonly mark: Mark;
  /** With its variables replaced; null for a mark without letters. */
  readonly text: string | null;
  readonly letters: Letters;
  readonly logo: LogoPicture | null;
  /** Of the result. */
  readonly output: Size;
  /** The picture as it is shown, which may be smaller than the result. */
  readonly ground: Ground;
}

/** A logo as it can be drawn. */
export interface LogoPicture extends Size {
  readonly image: CanvasImageSource;
}

/** A mark that knows its size and its places, in pixels of the result. */
export interface Arrangement {
  readonly block: Block;
  readonly scale: Scale;
  readonly extent: Size;
  readonly corners: readonly Corner[];
  readonly position: Place | 'tile';
}

/** The block, its size and its places, by the engine's rules. */
export function arrangementOf(scene: Scene): Arrangement {
  const { mark, text, letters } = scene;
  const set = text === null ? null : typeset(text, letters);
  // A size that is not sent is the server's own.
  const literal = text === null ? { ...mark, sizePercent: 3 } : mark;
  if (mark.position === 'tile') return tiled(scene, set, literal);
  const place = mark.position === 'auto' ? calmestPlace(scene, set, literal) : mark.position;
  return single(scene, set, literal, place);
}

/** A length of the result, as long as it is on the preview's picture. */
export function shownShare({ ground, output }: Scene): number {
  return ground.width / output.width;
}

function calmestPlace(scene: Scene, set: Typeset | null, mark: Mark): Place {
  const share = shownShare(scene);
  return calmest(scene.ground, (place) => {
    const { extent, corners } = single(scene, set, mark, place);
    const [x, y] = corners[0] ?? [0, 0];
    return shownRegion(scene.ground, share, x, y, extent);
  });
}

function shownRegion(ground: Ground, share: number, x: number, y: number, extent: Size) {
  const [left, top] = [Math.floor(x * share), Math.floor(y * share)];
  return {
    x: left,
    y: top,
    width: Math.min(Math.ceil(extent.width * share), ground.width - left),
    height: Math.min(Math.ceil(extent.height * share), ground.height - top),
  };
}

function single(scene: Scene, set: Typeset | null, mark: Mark, place: Place): Arrangement {
  const { block, scale, extent } = sized(scene, set, mark, place);
  const { x, y } = regionOf(place, extent, scene.output);
  return { block, scale, extent, corners: [[x, y]], position: place };
}

function tiled(scene: Scene, set: Typeset | null, mark: Mark): Arrangement {
  const { block, scale, extent } = sized(scene, set, mark, 'tile');
  const gap = (unitOf(scene.output) * mark.spacingPercent) / 100;
  const corners = tileCorners(block, scale, gap, scene.output, extent);
  return { block, scale, extent, corners, position: 'tile' };
}

function sized(scene: Scene, set: Typeset | null, mark: Mark, position: Place | 'tile') {
  const { logo, output } = scene;
  const block = blockOf(set, logo && logo.width / logo.height, mark, position);
  const scale = scaleOf(block, mark.sizePercent, output);
  return { block, scale, extent: extentOf(block, scale, output) };
}
