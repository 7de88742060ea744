import { keyring } from './keyring';
import { isProblem } from './parse';
import type { Problem } from './types';

/** Longest wait for an answer that is a few hundred bytes: what a phone in a train needs, and some more. */
const ANSWER_MS_MAX = 20_000;

/** What the page itself has to say where the server could not say it. */
export const PAGE_PROBLEMS = {
  unreachable: 'urn:nws:page:unreachable',
  notUnderstood: 'urn:nws:page:not_understood',
  fileGone: 'urn:nws:page:file_gone',
} as const;

/** The server refused, or could not be asked. */
export class ServerError extends Error {
  readonly problem: Problem;
  /** When the server asked to come back, from now. */
  readonly retryAfterMs: number | null;
  /** What the key does not allow, where that is why. */
  readonly scopeMissing: string | null;

  constructor(
    problem: Problem,
    retryAfterMs: number | null = null,
    scopeMissing: string | null = null,
  ) {
    super(problem.detail);
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
    this.scopeMissing = scopeMissing;
  }

  /** Whether nothing but a key, or another one, opens it. */
  get isBarred(): boolean {
    return this.problem.status === 401 || this.problem.status === 403;
  }

  /** Whether the same request may be answered otherwise in a while. What speaks another language goes on doing so, and to
   * send it a photo again and again would cost a phone its data. */
  get mayPass(): boolean {
    const { type, status } = this.problem;
    return type !== PAGE_PROBLEMS.notUnderstood && [0, 429, 502, 503, 504].includes(status);
  }
}

/** What a request with this key says of who asks. Only this server hears it; a signed link says so itself, and a key beside
 * it would count in its place. */
export function identity(path: string, key: string | null): Readonly<Record<string, string>> {
  const { origin, searchParams } = new URL(path, location.href);
  const isTold = key !== null && origin === location.origin && !searchParams.has('sig');
  return isTold ? { authorization: `Bearer ${key}` } : {};
}

const NEVER = new AbortController().signal;

/** Asks for JSON, and checks that it is what was asked for. */
export async function ask<T>(
  path: string,
  isWanted: (value: unknown) => value is T,
  method: 'GET' | 'POST' | 'DELETE' = 'GET',
  signal: AbortSignal = NEVER,
): Promise<T> {
  const answer = await reach(path, {
    method,
    headers: { accept: 'application/json' },
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS_MAX)]),
  });
  return understood(await textOf(answer), isWanted);
}

interface Asking extends RequestInit {
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that is no refusal; who aborts hears of it as of a server that cannot be reached. The key goes along. */
export async function reach(path: string, init: Asking): Promise<Response> {
  const { key } = keyring.snapshot();
  const headers = { ...init.headers, ...identity(path, key) };
  const answer = await fetch(path, { ...init, headers }).catch(() => {
    throw unreachable();
  });
  if (answer.ok) return answer;
  const said = (name: string) => answer.headers.get(name);
  const error = refusal(answer.status, await textOf(answer), said);
  if (isOfOldKey(error, key)) return reach(path, init);
  throw error;
}

/** Notes what a refusal says of the key. True where another one was taken meanwhile: the same may be asked with that. */
export function isOfOldKey({ problem, scopeMissing }: ServerError, key: string | null): boolean {
  if (scopeMissing !== null) keyring.lacks(key, scopeMissing);
  return problem.status === 401 && !keyring.refused(key, problem.detail);
}

export function understood<T>(text: string, isWanted: (value: unknown) => value is T): T {
  const value = json(text);
  if (isWanted(value)) return value;
  throw new ServerError({
    type: PAGE_PROBLEMS.notUnderstood,
    title: 'Answer not understood',
    status: 0,
    detail: 'what answered does not speak as this page expects',
  });
}

/** A refusal in the server's words, or where something else answered, in those of its status. */
export function refusal(
  status: number,
  body: string,
  header: (name: string) => string | null,
): ServerError {
  const said = json(body);
  const problem = isProblem(said)
    ? said
    : {
        type: 'about:blank',
        title: 'Refused',
        status,
        detail: `the answer was ${status}, without a reason`,
      };
  const scope = status === 403 ? scopeIn(header('www-authenticate')) : null;
  return new ServerError(problem, afterMs(header('retry-after')), scope);
}

export function unreachable(): ServerError {
  return new ServerError({
    type: PAGE_PROBLEMS.unreachable,
    title: 'Server not reached',
    status: 0,
    detail: 'the server did not answer',
  });
}

export function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function textOf(answer: Response): Promise<string> {
  return answer.text().catch(() => {
    throw unreachable();
  });
}

/** `Retry-After` in its form of seconds, which is what the server sends. */
function afterMs(retryAfter: string | null): number | null {
  return retryAfter && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) * 1000 : null;
}

/** The scope that a challenge asks for (RFC 6750, 3). */
function scopeIn(challenge: string | null): string | null {
  return /\bscope="([^"]+)"/.exec(challenge ?? '')?.[1] ?? null;
}
