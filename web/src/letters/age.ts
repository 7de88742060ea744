import type { Language } from '../words/words';

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** How long ago, in the largest unit that is full: `2 hours ago`. Clocks differ, so what comes is now. */
export function ago(ms: number, language: Language): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const found = UNITS.find(([, unitMs]) => ms >= unitMs);
  if (!found) return format.format(-Math.max(0, Math.floor(ms / 1000)), 'second');
  const [unit, unitMs] = found;
  return format.format(-Math.floor(ms / unitMs), unit);
}

/** Of a long id the ends, by which people tell it from others. */
export function shortId(id: string): string {
  return id.length > 16 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id;
}
