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

  constructor(problem: Problem, retryAfterMs: number | null = null) {
    super(problem.detail);
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether the same request may be answered otherwise in a while. What speaks another language goes on doing so, and to
   * send it a photo again and again would cost a phone its data. */
  get mayPass(): boolean {
    const { type, status } = this.problem;
    return type !== PAGE_PROBLEMS.notUnderstood && [0, 429, 502, 503, 504].includes(status);
  }
}

/** What every request says of who asks. A credential belongs here, and nowhere else. */
export function identity(): Readonly<Record<string, string>> {
  return {};
}

const NEVER = new AbortController().signal;

/** Asks for JSON, and checks that it is what was asked for. */
export async function ask<T>(
  path: string,
  isWanted: (value: unknown) => value is T,
  method: 'GET' | 'DELETE' = 'GET',
  signal: AbortSignal = NEVER,
): Promise<T> {
  const answer = await reach(path, {
    method,
    headers: { ...identity(), accept: 'application/json' },
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS_MAX)]),
  });
  return understood(await textOf(answer), isWanted);
}

/** An answer that is no refusal; who aborts hears of it as of a server that cannot be reached. */
export async function reach(path: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(path, init).catch(() => {
    throw unreachable();
  });
  if (answer.ok) return answer;
  throw refusal(answer.status, await textOf(answer), answer.headers.get('retry-after'));
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
export function refusal(status: number, body: string, retryAfter: string | null): ServerError {
  const said = json(body);
  const problem = isProblem(said)
    ? said
    : {
        type: 'about:blank',
        title: 'Refused',
        status,
        detail: `the answer was ${status}, without a reason`,
      };
  return new ServerError(problem, afterMs(retryAfter));
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
