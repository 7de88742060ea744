import { MARK_DEFAULT, type Mark } from './mark';
import { SIDE_MAX_PX } from './ranges';

/** The form's fields of a mark: only what differs from the server's defaults, and what makes a difference. */
export function fields(mark: Mark, hasLogo: boolean): ReadonlyArray<readonly [string, string]> {
  const hasText = mark.text !== '' || !hasLogo;
  const hasLines = hasText && (hasLogo || mark.text.includes('\n'));
  const sent: ReadonlyArray<readonly [name: string, value: string | number, isSent: boolean]> = [
    ['wm_text', mark.text, hasText && (hasLogo || mark.text !== MARK_DEFAULT.text)],
    ['wm_position', mark.position, mark.position !== 'bottom-right'],
    ['wm_size', mark.sizePercent, hasText && mark.sizePercent !== 3],
    ['wm_opacity', mark.opacity, mark.opacity !== 'auto'],
    ['wm_color', mark.color, hasText && mark.color !== 'auto'],
    ['wm_rotate', mark.rotateDegrees, mark.rotateDegrees % 360 !== 0],
    ['wm_align', mark.align, hasLines && mark.align !== 'auto'],
    ['wm_spacing', mark.spacingPercent, mark.position === 'tile' && mark.spacingPercent !== 10],
    ['wm_logo_size', mark.logoSizePercent, hasLogo && mark.logoSizePercent !== 10],
    ['wm_format', mark.format, mark.format !== 'auto'],
    ...box(mark),
    ['quality', mark.quality, mark.quality !== 'auto' && mark.format !== 'png'],
  ];
  return sent.filter(([, , isSent]) => isSent).map(([name, value]) => [name, String(value)]);
}

/** One side alone leaves the other free; none at all would be the default box, so one of them is the longest there is. */
function box({ width, height }: Mark): ReadonlyArray<readonly [string, number, boolean]> {
  if (width === null && height === null) return [['width', SIDE_MAX_PX, true]];
  const isDefault = width === 1920 && height === 1080;
  return [
    ['width', width ?? 0, width !== null && !isDefault],
    ['height', height ?? 0, height !== null && !isDefault],
  ];
}
