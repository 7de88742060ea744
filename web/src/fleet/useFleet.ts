import { useEffect, useState } from 'react';
import { withSample } from './curve';
import type { Fleet } from './stats';
import { watchFleet } from './watch';

interface Watched {
  readonly fleet: Fleet;
  /** Jobs per second of the last minutes, oldest first. */
  readonly rates: readonly number[];
}

const NOTHING: Watched = { fleet: { is: 'unknown' }, rates: [] };

/** The fleet as it was seen last. */
export function useFleet(): Watched {
  const [watched, setWatched] = useState(NOTHING);
  useEffect(() => watchFleet((fleet) => setWatched((before) => after(before, fleet))), []);
  return watched;
}

/** What is known after a look; after one that failed, the last figures stay in sight. */
export function after({ fleet: before, rates }: Watched, fleet: Fleet | null): Watched {
  if (!fleet)
    return { fleet: { is: 'lost', stats: 'stats' in before ? before.stats : null }, rates };
  const rate = 'stats' in fleet ? fleet.stats?.jobsPerSecond : undefined;
  return { fleet, rates: rate === undefined ? rates : withSample(rates, rate) };
}
