import type { Step } from '../api/types';
import type { Job } from '../photos/photo';
import { Icon } from '../ui/icons';
import { useFigures, useWords, type Words } from '../words/words';
import { ofFailure } from './causes';
import './steps.css';
import { troubleOf } from './trouble';
import { TROUBLE } from './trouble-words';
import { type Leg, type LegState, legsOf, longestOf, sharesOf } from './way';

/**
 * The job's way through the fleet, filling in as the events arrive.
 *
 * The bar is for the eye; the list beneath it says the same in words and figures.
 */
export function Steps({ job }: { readonly job: Job }) {
  const words = useWords(WORDS);
  if (job.cached) return <Known />;
  const legs = legsOf(job);
  const done = job.state.status === 'done';
  return (
    <div className="steps">
      <Bar legs={legs} done={done} />
      <ol className="steps-list" aria-label={words.way}>
        <Legs legs={legs} longest={done ? longestOf(legs) : null} />
      </ol>
      <Detours job={job} />
    </div>
  );
}

/** There is no way to show: the same photo with the same mark was made before. */
function Known() {
  const words = useWords(WORDS);
  return (
    <p className="steps-known">
      <Icon name="check" />
      {words.known}
    </p>
  );
}

function Bar({ legs, done }: { readonly legs: readonly Leg[]; readonly done: boolean }) {
  const shares = sharesOf(legs, done);
  return (
    <div className="steps-bar" aria-hidden="true">
      {legs.map(({ step, is }, index) => (
        <div
          key={step}
          className="steps-part"
          data-step={step}
          data-is={is}
          style={{ flexGrow: shares[index] ?? 0 }}
        />
      ))}
    </div>
  );
}

function Legs({ legs, longest }: { readonly legs: readonly Leg[]; readonly longest: Step | null }) {
  const words = useWords(WORDS);
  const figures = useFigures();
  return legs.map(({ step, is, ms }) => (
    <li key={step} className="steps-leg" data-is={is} data-longest={step === longest}>
      <span className="steps-name" title={words.means[step]}>
        {words.names[step]}
      </span>
      <span className="steps-figure figures">
        <span className="steps-swatch" data-step={step} data-is={is} aria-hidden="true" />
        {ms === null ? <Untimed is={is} /> : figures.duration(ms)}
      </span>
    </li>
  ));
}

/** A sign for the eye and a word for the ear. */
function Untimed({ is }: { readonly is: LegState }) {
  const words = useWords(WORDS);
  return (
    <>
      <span aria-hidden="true">{SIGNS[is]}</span>
      <span className="visually-hidden">{words.states[is]}</span>
    </>
  );
}

const SIGNS: Readonly<Record<LegState, string>> = {
  ahead: '·',
  running: '…',
  over: '✓',
  skipped: '–',
  broken: '✕',
  missed: '·',
};

/** More say nothing new; the attempts are counted all the same. */
const DETOURS_SHOWN_MAX = 3;

/** What went wrong on the way and was overcome, or will be. */
function Detours({ job }: { readonly job: Job }) {
  const words = useWords(WORDS);
  const trouble = useWords(TROUBLE);
  const figures = useFigures();
  if (job.detours.length === 0) return null;
  const shown = [...job.detours.entries()].slice(-DETOURS_SHOWN_MAX);
  return (
    <ul className="steps-detours small" aria-label={words.detours}>
      {shown.map(([place, { attempt, reason }]) => (
        <li key={place} title={reason.message}>
          <Icon name="retry" />
          <span>{words.detour(attempt, troubleOf(ofFailure(reason), trouble, figures).what)}</span>
        </li>
      ))}
      {job.state.status === 'retrying' && <li className="steps-again">{words.again}</li>}
    </ul>
  );
}

interface Said {
  readonly way: string;
  readonly known: string;
  readonly names: Readonly<Record<Step, string>>;
  /** What each step does, as a hint. */
  readonly means: Readonly<Record<Step, string>>;
  readonly states: Readonly<Record<LegState, string>>;
  readonly detours: string;
  readonly again: string;
  readonly detour: (attempt: number, reason: string) => string;
}

const WORDS: Words<Said> = {
  en: {
    way: 'The way through the fleet',
    known: 'Already known: no work needed',
    names: {
      read: 'read',
      hash: 'hash',
      store: 'store',
      queue: 'queue',
      fetch: 'fetch',
      decode: 'decode',
      resize: 'resize',
      watermark: 'watermark',
      encode: 'encode',
      save: 'save',
    },
    means: {
      read: 'The server takes the upload in',
      hash: 'SHA-256 of its bytes: the photo’s name from here on',
      store: 'The original is kept safe',
      queue: 'It waits for a free worker',
      fetch: 'The worker gets the original',
      decode: 'Bytes become pixels',
      resize: 'It is scaled to the size asked for',
      watermark: 'The mark is drawn',
      encode: 'Pixels become bytes again',
      save: 'The result is kept safe',
    },
    states: {
      ahead: 'not yet',
      running: 'running now',
      over: 'done',
      skipped: 'not timed',
      broken: 'failed here',
      missed: 'not reached',
    },
    detours: 'Attempts that failed',
    again: 'It is tried again by itself.',
    detour: (attempt, reason) => `Attempt ${attempt}: ${reason}`,
  },
  fr: {
    way: 'Le parcours dans la flotte',
    known: 'Déjà connue : rien à refaire',
    names: {
      read: 'lecture',
      hash: 'empreinte',
      store: 'dépôt',
      queue: 'file',
      fetch: 'retrait',
      decode: 'décodage',
      resize: 'taille',
      watermark: 'filigrane',
      encode: 'encodage',
      save: 'écriture',
    },
    means: {
      read: 'Le serveur reçoit l’envoi',
      hash: 'SHA-256 de ses octets : le nom de la photo désormais',
      store: 'L’original est mis en lieu sûr',
      queue: 'Elle attend un ouvrier libre',
      fetch: 'L’ouvrier va chercher l’original',
      decode: 'Les octets deviennent des pixels',
      resize: 'Elle est mise à la taille demandée',
      watermark: 'Le filigrane est dessiné',
      encode: 'Les pixels redeviennent des octets',
      save: 'Le résultat est mis en lieu sûr',
    },
    states: {
      ahead: 'pas encore',
      running: 'en cours',
      over: 'fait',
      skipped: 'non mesurée',
      broken: 'échec ici',
      missed: 'pas atteinte',
    },
    detours: 'Tentatives manquées',
    again: 'Elle sera retentée d’elle-même.',
    detour: (attempt, reason) => `Tentative ${attempt} : ${reason}`,
  },
};
