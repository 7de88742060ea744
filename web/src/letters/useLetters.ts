import { useCallback, useEffect, useRef, useState } from 'react';
import { keyring } from '../api/keyring';
import { ServerError } from '../api/server';
import { type Letters, readLetters, replay } from './letters';

/** Why something cannot be had or done. */
export type Trouble = 'key' | 'scope' | 'absent' | 'busy' | 'away' | 'refused';

/** What was seen of the dead letters. */
export type Seen =
  | { readonly is: 'unknown' }
  | { readonly is: 'there'; readonly found: Letters }
  | { readonly is: 'trouble'; readonly why: Trouble };

/** What became of a replay. */
export type Replayed =
  | { readonly is: 'asked' }
  | { readonly is: 'told'; readonly fates: readonly string[] }
  | { readonly is: 'trouble'; readonly why: Trouble };

/** The dead letters as they were seen last, and what was done to them since. */
export function useLetters() {
  const [seen, setSeen] = useState<Seen>({ is: 'unknown' });
  const [isLooking, setLooking] = useState(true);
  const [replayed, setReplayed] = useState<Readonly<Record<string, Replayed>>>({});
  const abort = useRef<AbortController>(null);

  const look = useCallback(async () => {
    abort.current?.abort();
    abort.current = new AbortController();
    const { signal } = abort.current;
    setLooking(true);
    const seen = await lookAt(signal);
    if (signal.aborted) return;
    setSeen(seen);
    setReplayed({});
    setLooking(false);
  }, []);

  useEffect(() => {
    void look();
    const unwait = keyring.whenTaken(look);
    return () => {
      unwait();
      abort.current?.abort();
    };
  }, [look]);

  const send = async (id: string) => {
    const note = (one: Replayed) => setReplayed((before) => ({ ...before, [id]: one }));
    note({ is: 'asked' });
    note(await replayOne(id));
  };
  return { seen, isLooking, replayed, look, send };
}

async function lookAt(signal: AbortSignal): Promise<Seen> {
  try {
    return { is: 'there', found: await readLetters(signal) };
  } catch (error) {
    return { is: 'trouble', why: troubleOf(error) };
  }
}

async function replayOne(id: string): Promise<Replayed> {
  try {
    return { is: 'told', fates: await replay(id) };
  } catch (error) {
    return { is: 'trouble', why: troubleOf(error) };
  }
}

export function troubleOf(error: unknown): Trouble {
  if (!(error instanceof ServerError)) return 'refused';
  // There is one look at a time, and a replay is one.
  if (error.problem.type === 'urn:nws:problem:busy') return 'busy';
  switch (error.problem.status) {
    case 401:
      return 'key';
    case 403:
      return 'scope';
    case 404:
      return 'absent';
    default:
      return error.mayPass ? 'away' : 'refused';
  }
}
