import type { Limits } from '../api/types';
import type { Mark } from './mark';
import { type NumberField, RANGES, type Range } from './ranges';
import { type Context, expand, type Unexpandable } from './text/variables';

/** Why the server would refuse a field, with what was measured and what is allowed. */
export type Problem =
  | Unexpandable
  | { readonly why: 'too-long'; readonly measured: number; readonly limit: number }
  | { readonly why: 'control-character'; readonly codePoint: number }
  | { readonly why: 'nothing-to-draw' }
  | { readonly why: 'no-number'; readonly range: Range }
  | { readonly why: 'outside'; readonly measured: number; readonly range: Range }
  | { readonly why: 'no-color' }
  | { readonly why: 'logo-format' | 'logo-broken' | 'logo-invisible' }
  | {
      readonly why: 'logo-bytes' | 'logo-pixels';
      readonly measured: number;
      readonly limit: number;
    };

export type Problems = Readonly<Partial<Record<keyof Mark | 'logo', Problem>>>;

/** What a mark's text becomes, or why it cannot be drawn; null for a mark without letters. */
export type Expanded = { readonly text: string | null; readonly problem?: Problem };

/** The server's own, where it has not told its limits yet. */
export const TEXT_CHARS_MAX = 256;
/** The longest text before its variables are replaced, in multiples of the longest after it. */
const TEMPLATE_FACTOR = 4;

/** Replaces the variables and looks whether something can be drawn. */
export function expandedText(
  mark: Mark,
  context: Context,
  hasLogo: boolean,
  limits: Limits | null,
): Expanded {
  if (mark.text === '' && hasLogo) return { text: null };
  const limit = limits?.textCharsMax ?? TEXT_CHARS_MAX;
  const templateLength = charsOf(mark.text);
  if (templateLength > TEMPLATE_FACTOR * limit) {
    const problem = {
      why: 'too-long',
      measured: templateLength,
      limit: TEMPLATE_FACTOR * limit,
    } as const;
    return { text: null, problem };
  }
  const expanded = expand(mark.text, context);
  if (typeof expanded !== 'string') return { text: null, problem: expanded };
  const text = expanded.replace(/\r\n?/g, '\n');
  const problem = textProblem(text, limit);
  return problem ? { text: null, problem } : { text };
}

/** As the server counts: code points. */
export function charsOf(text: string): number {
  return [...text].length;
}

function textProblem(text: string, limit: number): Problem | null {
  const measured = charsOf(text);
  if (measured > limit) return { why: 'too-long', measured, limit };
  const control = /[\p{Cc}]/u.exec(text.replaceAll('\n', ''))?.[0]?.codePointAt(0);
  if (control !== undefined) return { why: 'control-character', codePoint: control };
  return /^\p{White_Space}*$/u.test(text) ? { why: 'nothing-to-draw' } : null;
}

/** What the server would refuse of the fields that are sent. */
export function problemsOf(mark: Mark, hasText: boolean, hasLogo: boolean): Problems {
  const numbers: ReadonlyArray<readonly [NumberField, Mark[NumberField], boolean]> = [
    ['sizePercent', mark.sizePercent, hasText],
    ['opacity', mark.opacity, true],
    ['rotateDegrees', mark.rotateDegrees, true],
    ['spacingPercent', mark.spacingPercent, mark.position === 'tile'],
    ['logoSizePercent', mark.logoSizePercent, hasLogo],
    ['width', mark.width, true],
    ['height', mark.height, true],
    ['quality', mark.quality, mark.format !== 'png'],
  ];
  const found = numbers.flatMap(([field, value, isSent]) => {
    const problem =
      isSent && typeof value === 'number' ? numberProblem(value, RANGES[field]) : null;
    return problem ? [[field, problem] as const] : [];
  });
  const isColor = mark.color === 'auto' || /^#[0-9a-f]{6}$/i.test(mark.color);
  return {
    ...Object.fromEntries(found),
    ...(!isColor && hasText && { color: { why: 'no-color' } as const }),
  };
}

/** A number is rounded to the step that the server keeps, where it keeps fractions; pixels and qualities are whole. */
export function numberProblem(value: number, range: Range): Problem | null {
  if (!Number.isFinite(value)) return { why: 'no-number', range };
  if (range.step === 1 && !Number.isInteger(value)) return { why: 'no-number', range };
  const kept = Math.round(value / range.step) * range.step;
  const isInside = kept >= range.min - 1e-9 && kept <= range.max + 1e-9;
  return isInside ? null : { why: 'outside', measured: value, range };
}
