import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ServerError } from '../api/server';
import { ago, shortId } from './age';
import { LETTER, wordOf } from './letter-words';
import { FATES, isGone, isLetters, REASONS, replay } from './letters';
import { troubleOf } from './useLetters';

/** The words of `file` between two places of the server's source. */
function wordsOf(file: string, from: string, until: string): string[] {
  const source = readFileSync(resolve('..', file), 'utf8');
  const start = source.indexOf(from);
  const code = source.slice(start, source.indexOf(until, start));
  return [...code.matchAll(/"([a-z][a-z_]*)"/g)].flatMap(([, word]) => word ?? []);
}

const LETTER_SEEN = {
  id: 'abc',
  reason: 'attempts_spent',
  deadAtMs: null,
  attempt: 14,
  crashes: 0,
  history: [{ attempt: 14, atMs: 1, worker: 'w', code: 'objects_unavailable', message: 'away' }],
  sizeBytes: 900,
  jobId: null,
  readable: true,
};

afterEach(() => vi.unstubAllGlobals());

describe('the words of the server', () => {
  test('for what becomes of a letter are all known here', () => {
    const said = wordsOf('publisher/src/dead_letters/judge.rs', 'const fn as_str(', '\n    }\n');
    expect([...FATES].sort()).toEqual(said.sort());
  });

  test('for why it lies there are all known here', () => {
    const told = wordsOf('backends/src/queue/dead.rs', 'const fn as_str(', 'fn read(');
    const buried = wordsOf('backends/src/queue/mod.rs', 'impl Reason', '\n}\n');
    expect([...REASONS].sort()).toEqual([...new Set([...told, ...buried])].sort());
  });

  test('stand for themselves where a newer server has more of them', () => {
    expect(wordOf(LETTER.en.reasons, 'struck_by_lightning')).toBe('struck_by_lightning');
  });

  test('that keep a letter leave it to be replayed again', () => {
    const kept = FATES.filter((fate) => !isGone(fate));
    const said = FATES.filter((fate) => LETTER.en.fates[fate].startsWith('Kept'));
    expect(kept).toEqual(said);
  });
});

test('an answer is understood as the server writes it, and nothing else is', () => {
  const answer = { letters: [LETTER_SEEN], total: 3, complete: true };
  expect(isLetters(answer)).toBe(true);
  expect(isLetters({ ...answer, letters: [{ ...LETTER_SEEN, deadAtMs: 'now' }] })).toBe(false);
  expect(isLetters({ letters: [] })).toBe(false);
});

test('an id that a stranger chose stays within its place in the path', async () => {
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (path: string, { method }: RequestInit) => {
    asked.push(`${method} ${path}`);
    return Response.json({ letters: [{ id: '../x?', reason: 'unknown', fate: 'replayed' }] });
  });
  expect(await replay('../x?')).toEqual(['replayed']);
  expect(asked).toEqual(['POST /admin/dlq/..%2Fx%3F/replay']);
});

test('an age is told in the largest unit that is full', () => {
  expect(ago(59_000, 'en')).toBe('59 seconds ago');
  expect(ago(7_200_000, 'en')).toBe('2 hours ago');
  expect(ago(3 * 86_400_000, 'fr')).toBe('il y a 3 jours');
  expect(ago(-5000, 'en')).toBe('now');
});

test('a short id stays whole', () => {
  expect(shortId('job-1')).toBe('job-1');
  expect(shortId('0123456789abcdef01234567')).toBe('01234567…4567');
});

test('what bars the way is told apart', () => {
  const why = (status: number, type = 'about:blank') =>
    troubleOf(new ServerError({ type, title: '', status, detail: '' }));
  expect(why(503, 'urn:nws:problem:busy')).toBe('busy');
  expect([401, 403, 404, 0, 503, 500].map((status) => why(status))).toEqual([
    'key',
    'scope',
    'absent',
    'away',
    'away',
    'refused',
  ]);
});
