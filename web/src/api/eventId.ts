/** The place of an event in its job's history: `<epoch>-<n>`. */
export interface EventId {
  readonly epoch: number;
  readonly n: number;
}

/** Null for what the records did not number: it has no place among the others. */
export function eventIdOf(text: string | null): EventId | null {
  const parts = text?.match(/^(\d+)-(\d+)$/);
  const [epoch, n] = [Number(parts?.[1]), Number(parts?.[2])];
  return epoch > 0 ? { epoch, n } : null;
}

export function isOlder(a: EventId, b: EventId): boolean {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.n < b.n);
}
