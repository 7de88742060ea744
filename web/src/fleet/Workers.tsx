import { type FocusEvent, type KeyboardEvent, useRef } from 'react';
import type { WorkerBeat } from '../api/types';
import { useFigures, useWords, type Words } from '../words/words';
import { slotsOf } from './stats';

/** How busy the workers are, and on demand each of them by name. */
export function Workers({ workers }: { readonly workers: readonly WorkerBeat[] | null }) {
  const words = useWords(WORDS);
  const figures = useFigures();
  const details = useRef<HTMLDetailsElement>(null);
  const { busy, slots } = slotsOf({ workers: workers ?? [] });
  const close = () => details.current?.removeAttribute('open');
  const onKeyDown = ({ key }: KeyboardEvent) => key === 'Escape' && close();
  const onBlur = ({ currentTarget, relatedTarget }: FocusEvent) =>
    !currentTarget.contains(relatedTarget) && close();
  return (
    <details
      ref={details}
      className="fleet-item fleet-workers"
      onKeyDown={onKeyDown}
      onBlur={onBlur}
    >
      <summary>
        <span>
          <strong>{workers ? figures.count(workers.length) : '–'}</strong>{' '}
          <span className="small quiet">{words.workers(workers?.length ?? 0)}</span>{' '}
          <span className="fleet-aside small quiet">{workers && words.busy(busy, slots)}</span>
        </span>
      </summary>
      <ul className="fleet-panel card" tabIndex={-1}>
        {workers?.map((worker) => (
          <Worker key={worker.id} worker={worker} />
        ))}
        {workers?.length === 0 && <li>{words.none}</li>}
      </ul>
    </details>
  );
}

function Worker({ worker }: { readonly worker: WorkerBeat }) {
  const words = useWords(WORDS);
  const figures = useFigures();
  return (
    <li className="fleet-worker">
      <span className="fleet-worker-name">{worker.name}</span>
      <Slots busy={worker.busy} slots={worker.slots} />
      <span className="small quiet">
        {words.busy(worker.busy, worker.slots)} · {words.rate(figures.rate(worker.jobsPerSecond))} ·{' '}
        {worker.draining ? words.draining : words.seen(figures.duration(worker.heartbeatAgeMs))}
      </span>
    </li>
  );
}

/** More are not counted by eye. */
const DRAWN_MAX = 16;

function Slots({ busy, slots }: { readonly busy: number; readonly slots: number }) {
  if (slots > DRAWN_MAX) return null;
  return (
    <span className="fleet-slots" aria-hidden="true">
      {'■'.repeat(busy)}
      {'□'.repeat(Math.max(0, slots - busy))}
    </span>
  );
}

interface Said {
  readonly workers: (count: number) => string;
  readonly busy: (busy: number, slots: number) => string;
  readonly rate: (rate: string) => string;
  readonly seen: (age: string) => string;
  readonly draining: string;
  readonly none: string;
}

const WORDS: Words<Said> = {
  en: {
    workers: (count) => (count === 1 ? 'worker' : 'workers'),
    busy: (busy, slots) => `${busy}/${slots} busy`,
    rate: (rate) => `${rate} jobs/s`,
    seen: (age) => `heartbeat ${age} ago`,
    draining: 'finishing its last jobs',
    none: 'No worker has been heard of: photos wait until one comes.',
  },
  fr: {
    workers: (count) => (count < 2 ? 'ouvrier' : 'ouvriers'),
    busy: (busy, slots) => (busy < 2 ? `${busy}/${slots} occupé` : `${busy}/${slots} occupés`),
    rate: (rate) => `${rate} photos/s`,
    seen: (age) => `vu il y a ${age}`,
    draining: 'termine ses dernières photos',
    none: 'Aucun ouvrier ne s’est annoncé : les photos attendent qu’il en vienne un.',
  },
};
