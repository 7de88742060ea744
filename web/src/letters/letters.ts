import { isRecord } from '../api/parse';
import { ask } from '../api/server';

/** Why a letter lies there, as `docs/dead-letters.md` has it. A newer server may have more of them. */
export const REASONS = [
  'attempts_spent',
  'original_missing',
  'undecodable',
  'crash_loop',
  'died_before',
  'delivery_limit',
  'rejected',
  'expired',
  'maxlen',
  'unknown',
] as const;
export type Reason = (typeof REASONS)[number];

/** What became of a letter that was asked to be replayed. */
export const FATES = [
  'replayed',
  'remade',
  'finished',
  'runs',
  'duplicate',
  'cancelled',
  'unreadable',
  'may_run',
] as const;
export type Fate = (typeof FATES)[number];

/** One attempt of those that failed. */
export interface FailedAttempt {
  readonly code: string;
  readonly message: string;
}

/** A job that nobody works on any more. */
export interface Letter {
  readonly id: string;
  readonly reason: string;
  /** Null for what somebody put there by hand. */
  readonly deadAtMs: number | null;
  readonly attempt: number;
  readonly crashes: number;
  /** Oldest first. */
  readonly history: readonly FailedAttempt[];
  readonly sizeBytes: number;
  readonly readable: boolean;
}

/** What `GET /admin/dlq` answers: the first letters, oldest first, and how many there are. */
export interface Letters {
  readonly letters: readonly Letter[];
  readonly total: number;
  readonly complete: boolean;
}

/** What `POST /admin/dlq/{id}/replay` answers: two letters may have one id. */
interface Replay {
  readonly letters: ReadonlyArray<{ readonly fate: string }>;
}

/** Letters that are listed: more are nothing to go through one by one, and `nws dlq` replays them by their reason. */
const SHOWN_MAX = 100;

export function readLetters(signal: AbortSignal): Promise<Letters> {
  return ask(`/admin/dlq?limit=${SHOWN_MAX}`, isLetters, 'GET', signal);
}

/** Sends a letter once more, from its first attempt. */
export async function replay(id: string): Promise<readonly string[]> {
  const path = `/admin/dlq/${encodeURIComponent(id)}/replay`;
  const { letters } = await ask(path, isReplay, 'POST');
  return letters.map(({ fate }) => fate);
}

/** Whether there is no letter any more, so that nothing is left to replay. */
export function isGone(fate: string): boolean {
  return !['cancelled', 'unreadable', 'may_run'].includes(fate);
}

export function isLetters(value: unknown): value is Letters {
  return (
    isRecord(value) &&
    Array.isArray(value.letters) &&
    value.letters.every(isLetter) &&
    typeof value.total === 'number' &&
    typeof value.complete === 'boolean'
  );
}

function isLetter(value: unknown): value is Letter {
  return (
    isRecord(value) &&
    typeof value.id === 'string' &&
    typeof value.reason === 'string' &&
    (value.deadAtMs === null || typeof value.deadAtMs === 'number') &&
    typeof value.attempt === 'number' &&
    typeof value.crashes === 'number' &&
    typeof value.sizeBytes === 'number' &&
    Array.isArray(value.history) &&
    value.history.every(isFailedAttempt)
  );
}

function isFailedAttempt(value: unknown): value is FailedAttempt {
  return isRecord(value) && typeof value.code === 'string' && typeof value.message === 'string';
}

function isReplay(value: unknown): value is Replay {
  return (
    isRecord(value) &&
    Array.isArray(value.letters) &&
    value.letters.every((letter) => isRecord(letter) && typeof letter.fate === 'string')
  );
}
