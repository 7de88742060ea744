import { useEffect, useState } from 'react';
import { withSample } from './curve';
import { type Fleet, lookAtFleet, pollDelayMs } from './stats';

export interface Watched {
  readonly fleet: Fleet;
  /** Jobs per second of the last minutes, oldest first. */
  readonly rates: readonly number[];
}

const NOTHING: Watched = { fleet: { is: 'unknown' }, rates: [] };

/** Looks at the fleet again and again while somebody looks at the page. */
export function useFleet(): Watched {
  const [watched, setWatched] = useState(NOTHING);
  useEffect(() => {
    let stop = () => {};
    const begin = () => {
      stop();
      stop =
        document.visibilityState === 'visible' ? poll((fleet) => setWatched(after(fleet))) : stop;
    };
    begin();
    document.addEventListener('visibilitychange', begin);
    return () => {
      document.removeEventListener('visibilitychange', begin);
      stop();
    };
  }, []);
  return watched;
}

/** Tells `onLook` what it sees until it is stopped, or there is nothing to be seen here. */
function poll(onLook: (fleet: Fleet | null) => void): () => void {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout>;
  let failures = 0;
  const look = async () => {
    const fleet = await lookAtFleet(abort.signal).catch(() => null);
    if (abort.signal.aborted) return;
    failures = fleet ? 0 : failures + 1;
    onLook(fleet);
    if (fleet?.is !== 'absent') timer = setTimeout(look, pollDelayMs(failures));
  };
  void look();
  return () => {
    abort.abort();
    clearTimeout(timer);
  };
}

/** What is known after a look; after one that failed, the last figures stay in sight. */
function after(fleet: Fleet | null) {
  return ({ fleet: before, rates }: Watched): Watched => {
    if (!fleet)
      return { fleet: { is: 'lost', stats: 'stats' in before ? before.stats : null }, rates };
    const rate = 'stats' in fleet ? fleet.stats?.jobsPerSecond : undefined;
    return { fleet, rates: rate === undefined ? rates : withSample(rates, rate) };
  };
}
