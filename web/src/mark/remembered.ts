import { json } from '../api/server';
import { OUTPUT_FORMATS } from '../api/types';
import { keep, recall } from '../ui/memory';
import { numberProblem } from './checks';
import { ALIGNS, MARK_DEFAULT, type Mark, POSITIONS } from './mark';
import { type NumberField, RANGES } from './ranges';

/** The number is the version of what is stored: it is raised when a field changes its meaning. */
const STORED = 'nws.mark.1';

const QUALITIES = ['auto', 'keep'] as const;

/** The last mark, each of its fields by itself: one that is not valid falls back to what the page begins with. */
export function rememberedMark(): Mark {
  return markFrom(json(recall(STORED) ?? ''));
}

export function rememberMark(mark: Mark): void {
  keep(STORED, JSON.stringify(mark));
}

/** A mark of whatever was found. */
export function markFrom(found: unknown): Mark {
  const fields = new Map<string, unknown>(
    typeof found === 'object' && found !== null ? Object.entries(found) : [],
  );
  const fallback = MARK_DEFAULT;
  const word = <W extends string>(name: keyof Mark, words: readonly W[]): W | undefined =>
    words.find((known) => known === fields.get(name));
  const number = (name: NumberField): number | undefined => {
    const value = fields.get(name);
    const isValid = typeof value === 'number' && numberProblem(value, RANGES[name]) === null;
    return isValid ? value : undefined;
  };
  const side = (name: 'width' | 'height') =>
    fields.get(name) === null ? null : (number(name) ?? fallback[name]);
  const text = fields.get('text');
  return {
    text: typeof text === 'string' ? text : fallback.text,
    position: word('position', [...POSITIONS, 'auto', 'tile']) ?? fallback.position,
    sizePercent: number('sizePercent') ?? fallback.sizePercent,
    opacity: number('opacity') ?? fallback.opacity,
    color: colorFrom(fields.get('color')),
    rotateDegrees: number('rotateDegrees') ?? fallback.rotateDegrees,
    align: word('align', ALIGNS) ?? fallback.align,
    spacingPercent: number('spacingPercent') ?? fallback.spacingPercent,
    logoSizePercent: number('logoSizePercent') ?? fallback.logoSizePercent,
    format: word('format', ['auto', ...OUTPUT_FORMATS]) ?? fallback.format,
    width: side('width'),
    height: side('height'),
    quality: word('quality', QUALITIES) ?? number('quality') ?? fallback.quality,
  };
}

function colorFrom(value: unknown): Mark['color'] {
  const digits = typeof value === 'string' ? /^#([0-9a-f]{6})$/i.exec(value)?.[1] : undefined;
  return digits ? `#${digits}` : MARK_DEFAULT.color;
}
