import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Problem } from '../api/types';
import { CAUSE_OF_CODE, ofFailure, ofProblem, ofRefusal } from './causes';

/** Where the server's words for what goes wrong are. The tests run in `web/`. */
const SOURCES: ReadonlyArray<readonly [file: string, from: string, until: string]> = [
  ['publisher/src/error.rs', 'const fn kind(', 'fn field('],
  ['engine/src/error.rs', 'const fn code(', 'pub fn unknown('],
  ['engine/src/logo.rs', 'const fn code(', 'const fn measured_and_limit('],
  ['workers/src/error.rs', 'const CRASHED', ';'],
  ['workers/src/error.rs', 'fn code(', '\n}\n'],
  ['workers/src/error.rs', 'fn code_of(', '\n}\n'],
  ['publisher/src/auth/denied.rs', 'const fn kind(', 'fn field('],
  ['publisher/src/server/authority.rs', 'const fn kind(', 'fn measured_and_limit('],
  ['backends/src/queue/dead.rs', 'const fn as_str(', 'fn read('],
  ['backends/src/queue/mod.rs', 'impl Reason', '\n}\n'],
];

function codesIn([file, from, until]: (typeof SOURCES)[number]): string[] {
  const source = readFileSync(resolve('..', file), 'utf8');
  const start = source.indexOf(from);
  const end = source.indexOf(until, start + 1);
  const code = source.slice(start, end < 0 ? undefined : end);
  return [...code.matchAll(/"([a-z][a-z_]*)"/g)].flatMap(([, word]) => word ?? []);
}

function problem(part: Partial<Problem>): Problem {
  return { type: 'about:blank', title: 'Title', status: 500, detail: 'detail', ...part };
}

describe('every word of the server', () => {
  const codes = new Set(SOURCES.flatMap(codesIn));

  test('is found in its source', () => {
    expect(codes.size).toBeGreaterThan(40);
    expect([...codes]).toEqual(
      expect.arrayContaining(['busy', 'side_too_long', 'broken_logo', 'overtaken', 'expired']),
    );
  });

  test('has a cause here, and no other word has one', () => {
    expect(Object.keys(CAUSE_OF_CODE).sort()).toEqual([...codes].sort());
  });
});

describe('a cause', () => {
  test('keeps what was measured and what is allowed', () => {
    const refusal = { why: 'too-many-bytes', measured: 25e6, limit: 20e6 } as const;
    expect(ofRefusal(refusal)).toMatchObject({
      cause: 'tooManyBytes',
      measured: 25e6,
      limit: 20e6,
    });
    const type = 'urn:nws:problem:too_large';
    expect(ofProblem(problem({ type, status: 413, measured: 25e6, limit: 20e6 }))).toMatchObject({
      cause: 'tooManyBytes',
      measured: 25e6,
    });
  });

  test('of a slow upload is not that of slow work', () => {
    expect(ofProblem(problem({ type: 'urn:nws:problem:too_slow', status: 408 })).cause).toBe(
      'slowUpload',
    );
    expect(ofFailure({ code: 'too_slow', message: '' }).cause).toBe('slowWork');
  });

  test('is told by the status where a proxy answered, or nobody', () => {
    const causes = [0, 413, 429, 502].map((status) => ofProblem(problem({ status })).cause);
    expect(causes).toEqual(['offline', 'tooManyBytes', 'busy', 'outage']);
  });

  test('of an answer that is not understood is not that nobody answered', () => {
    const type = 'urn:nws:page:not_understood';
    expect(ofProblem(problem({ type, status: 0 })).cause).toBe('disagreement');
  });

  test('that is new leaves the server its own words', () => {
    const finding = ofFailure({ code: 'solar_flare', message: 'the sun did it' });
    expect(finding).toMatchObject({ cause: null, said: 'the sun did it' });
    expect(ofProblem(problem({ status: 418, detail: '', title: 'Teapot' })).said).toBe('Teapot');
  });
});
