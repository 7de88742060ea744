import type { ReactNode } from 'react';
import type { Stats } from '../api/types';
import { Icon } from '../ui/icons';
import { useFigures, useWords, type Words } from '../words/words';
import './fleet.css';
import { LettersEntry } from './LettersEntry';
import { Sparkline } from './Sparkline';
import type { Fleet } from './stats';
import { useFleet } from './useFleet';
import { Workers } from './Workers';

/** The whole fleet at a glance. As high before the first figures as after them; not there where the server has none. */
export function FleetStrip() {
  const words = useWords(WORDS);
  const { fleet, rates } = useFleet();
  if (fleet.is === 'absent') return null;
  const stats = 'stats' in fleet ? fleet.stats : null;
  // While the records are away only the queue is known; nothing of the others is not none.
  const known = stats?.degraded ? null : stats;
  return (
    <section className="fleet figures" aria-label={words.fleet} data-is={fleet.is}>
      <Throughput stats={known} rates={rates} />
      <Queue stats={stats} />
      <Workers workers={known?.workers ?? null} />
      <Times stats={known} />
      <div className="fleet-end small">
        <Health fleet={fleet} />
        <LettersEntry />
      </div>
    </section>
  );
}

/** What stands where a figure is not known. */
const NONE = '–';

function Throughput(props: { readonly stats: Stats | null; readonly rates: readonly number[] }) {
  const words = useWords(WORDS);
  const figures = useFigures();
  const rate = props.stats ? figures.rate(props.stats.jobsPerSecond) : NONE;
  return (
    <div className="fleet-item fleet-throughput">
      <Figure name={words.perSecond}>{rate}</Figure>
      <Sparkline rates={props.rates} />
    </div>
  );
}

function Queue({ stats }: { readonly stats: Stats | null }) {
  const words = useWords(WORDS);
  const figures = useFigures();
  const depth = stats?.queue.depth ?? null;
  const age = stats?.queue.oldestAgeMs ?? null;
  return (
    <div className="fleet-item fleet-queue">
      <Figure name={words.waiting}>{depth === null ? NONE : figures.count(depth)}</Figure>
      {depth !== null && depth > 0 && age !== null && (
        <span className="fleet-aside small quiet">{words.oldest(figures.duration(age))}</span>
      )}
    </div>
  );
}

function Times({ stats }: { readonly stats: Stats | null }) {
  const words = useWords(WORDS);
  const figures = useFigures();
  const duration = (ms: number | undefined) => (ms === undefined ? NONE : figures.duration(ms));
  return (
    <div className="fleet-item" title={words.timesMean}>
      <Figure name="p50">{duration(stats?.totalMs?.p50)}</Figure>
      <Figure name="p95">{duration(stats?.totalMs?.p95)}</Figure>
    </div>
  );
}

function Figure({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <p className="fleet-figure">
      <strong>{children}</strong> <span className="small quiet">{name}</span>
    </p>
  );
}

/** Whether the figures can be trusted; spoken when that changes. */
function Health({ fleet }: { readonly fleet: Fleet }) {
  const words = useWords(WORDS);
  const degraded = fleet.is === 'live' && fleet.stats?.degraded === true;
  const trouble =
    fleet.is === 'lost' || fleet.is === 'barred'
      ? words[fleet.is]
      : degraded
        ? words.degraded
        : null;
  return (
    <p className="fleet-health" role="status" data-trouble={trouble !== null}>
      {trouble !== null && <Icon name="warning" />}
      {trouble ?? (fleet.is === 'live' ? words.live : '')}
    </p>
  );
}

interface Said {
  readonly fleet: string;
  readonly perSecond: string;
  readonly waiting: string;
  readonly oldest: (age: string) => string;
  readonly timesMean: string;
  readonly live: string;
  readonly lost: string;
  readonly barred: string;
  readonly degraded: string;
}

const WORDS: Words<Said> = {
  en: {
    fleet: 'The fleet',
    perSecond: 'jobs/s',
    waiting: 'waiting',
    oldest: (age) => `oldest ${age}`,
    timesMean:
      'From the first byte of the upload to the saved result: half of the photos are faster than p50, 95 of 100 than p95',
    live: 'live',
    lost: 'out of reach',
    barred: 'needs a key',
    degraded: 'records away',
  },
  fr: {
    fleet: 'La flotte',
    perSecond: 'photos/s',
    waiting: 'en attente',
    oldest: (age) => `depuis ${age}`,
    timesMean:
      'Du premier octet envoyé au résultat écrit : la moitié des photos va plus vite que p50, 95 sur 100 plus vite que p95',
    live: 'en direct',
    lost: 'hors d’atteinte',
    barred: 'demande une clé',
    degraded: 'registres absents',
  },
};
