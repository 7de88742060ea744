import type { Figures } from '../words/words';
import type { Cause, Finding } from './causes';
import type { TroubleWords } from './trouble-words';

/** What happened, and what to do about it. */
export interface Trouble {
  readonly what: string;
  readonly advice: string;
  /** What was seen, or the server's own words, where ours do not already say it. */
  readonly note: string | null;
}

/** Puts a finding into words. */
export function troubleOf(finding: Finding, words: TroubleWords, figures: Figures): Trouble {
  const { cause, said, format } = finding;
  if (!cause) return { what: said ?? words.unknown, advice: words.askAgain, note: null };
  const [what, advice] = words.causes[cause];
  const limits = limitsOf(finding, cause, words, figures);
  const named = format ? words.format(format) : what;
  return { what: named + limits, advice, note: limits ? null : noteOf(finding, words) };
}

function noteOf({ said, begins }: Finding, words: TroubleWords): string | null {
  if (begins) return words.begins(begins);
  return said ? words.said(said) : null;
}

/** How a cause's figures are written, where it has any. */
const UNITS: Partial<Readonly<Record<Cause, keyof TroubleWords['units']>>> = {
  tooManyBytes: 'bytes',
  memory: 'bytes',
  resultSize: 'bytes',
  tooManyPixels: 'pixels',
  sideTooLong: 'side',
  animation: 'count',
  logoSize: 'count',
  tooManyPhotos: 'count',
};

function limitsOf(
  { measured, limit }: Finding,
  cause: Cause,
  words: TroubleWords,
  figures: Figures,
): string {
  const unit = UNITS[cause];
  if (!unit || measured === null || limit === null) return '';
  const write = words.units[unit];
  const [tooMuch, most] = [write(measured, figures), write(limit, figures)];
  // A little too much is rounded to the limit itself, which would say nothing.
  if (tooMuch === most) return words.limits(figures.count(measured), figures.count(limit));
  return words.limits(tooMuch, most);
}
