import { isRecord } from '../api/parse';
import { identity, json } from '../api/server';

/** What the server makes of a key, before anything hangs on it. */
export type Verdict =
  | { readonly is: 'taken' }
  | { readonly is: 'away' }
  | { readonly is: 'refused'; readonly said: string | null };

/** A few bytes. Longer than a server takes that asks another one about tokens. */
const ANSWER_MS_MAX = 20_000;
/** What needs a credential and costs next to nothing. */
const PATH = '/stats';

/** Asks for something with this key alone. One that is known and may not read is taken: it may be for uploads only. */
export async function tryKey(key: string): Promise<Verdict> {
  try {
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    const answer = await fetch(PATH, { headers: identity(PATH, key), cache: 'no-store', signal });
    if (answer.status >= 500) return { is: 'away' };
    if (answer.status !== 400 && answer.status !== 401) return { is: 'taken' };
    return { is: 'refused', said: detailOf(json(await answer.text())) };
  } catch {
    return { is: 'away' };
  }
}

function detailOf(problem: unknown): string | null {
  return isRecord(problem) && typeof problem.detail === 'string' ? problem.detail : null;
}
