import { memo, useEffect, useState } from 'react';
import type { Board } from '../photos/board';
import { isDone, type Photo } from '../photos/photo';
import { Meter } from '../ui/controls';
import { Icon } from '../ui/icons';
import { useFigures, useWords, type Words } from '../words/words';
import { CardActions } from './CardActions';
import { findingOf, ofFailure, ofProblem } from './causes';
import './photo-card.css';
import { Steps } from './Steps';
import { TROUBLE, troubleOf } from './trouble';

interface CardProps {
  readonly photo: Photo;
  readonly board: Board;
  readonly paused: boolean;
  readonly onCompare: (id: string) => void;
}

/** One photo, from the drop to the download. Drawn again only when it changes: a hundred of them stay fluid. */
export const PhotoCard = memo(function PhotoCard(props: CardProps) {
  const { photo } = props;
  return (
    <li className="photo-card card" data-at={photo.stage.at}>
      <Thumbnail {...props} />
      <div className="photo-card-head">
        <p className="photo-card-name" title={photo.filename}>
          {photo.filename}
        </p>
        <Measures photo={photo} />
      </div>
      <CardActions {...props} />
      <div className="photo-card-stage">
        <Stage {...props} />
      </div>
    </li>
  );
});

/** A shortcut for the pointer; the button that says the same is among the actions. */
function Thumbnail({ photo, onCompare }: CardProps) {
  const image = photo.thumbnailUrl ? (
    <img src={photo.thumbnailUrl} alt="" loading="lazy" decoding="async" />
  ) : (
    <Icon name="photo" />
  );
  if (!isDone(photo)) return <div className="photo-card-thumbnail">{image}</div>;
  return (
    <button
      type="button"
      className="photo-card-thumbnail"
      tabIndex={-1}
      aria-hidden="true"
      onClick={() => onCompare(photo.id)}
    >
      {image}
    </button>
  );
}

function Measures({ photo }: { readonly photo: Photo }) {
  const words = useWords(WORDS);
  const figures = useFigures();
  const { size, stage, sizeBytes } = photo;
  const job = stage.at === 'accepted' ? stage.job : undefined;
  const picture = job?.state.picture;
  const total = job?.cached ? undefined : job?.state.timings.total;
  return (
    <p className="photo-card-measures small quiet figures">
      <span>{figures.bytes(sizeBytes)}</span>
      {size && <span>{`${size.width} × ${size.height}`}</span>}
      {picture && (
        <span className="photo-card-result">
          <Icon name="check" />
          {words.became(picture.format.toUpperCase(), figures.bytes(picture.sizeBytes))}
        </span>
      )}
      {total !== undefined && <strong>{words.within(figures.duration(total))}</strong>}
    </p>
  );
}

function Stage({ photo, paused }: CardProps) {
  const words = useWords(WORDS);
  const { stage } = photo;
  const finding = findingOf(photo);
  switch (stage.at) {
    case 'chosen':
      return <p className="small quiet">{words.chosen}</p>;
    case 'waiting':
      return <Waiting stage={stage} paused={paused} />;
    case 'uploading':
      return <Uploading photo={photo} sent={stage.sentBytes} total={stage.totalBytes} />;
    case 'accepted':
      return (
        <>
          {finding && <TroubleNote photo={photo} />}
          {!stage.job.unknown && <Steps job={stage.job} />}
          <Pending photo={photo} />
        </>
      );
    default:
      return <TroubleNote photo={photo} />;
  }
}

function Waiting(props: {
  readonly stage: Extract<Photo['stage'], { at: 'waiting' }>;
  readonly paused: boolean;
}) {
  const words = useWords(WORDS);
  const trouble = useWords(TROUBLE);
  const figures = useFigures();
  const { retryAtMs, problem } = props.stage;
  if (props.paused) return <p className="small quiet">{words.paused}</p>;
  if (retryAtMs === undefined) return <p className="small quiet">{words.waiting}</p>;
  return (
    <p className="small">
      {problem && `${troubleOf(ofProblem(problem), trouble, figures).what}. `}
      <Countdown untilMs={retryAtMs} />
    </p>
  );
}

function Countdown({ untilMs }: { readonly untilMs: number }) {
  const words = useWords(WORDS);
  const figures = useFigures();
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const leftMs = 1000 * Math.max(1, Math.ceil((untilMs - nowMs) / 1000));
  return <span className="figures">{words.retriesIn(figures.duration(leftMs))}</span>;
}

function Uploading(props: {
  readonly photo: Photo;
  readonly sent: number;
  readonly total: number;
}) {
  const words = useWords(WORDS);
  const figures = useFigures();
  const share = props.total > 0 ? props.sent / props.total : 0;
  return (
    <div className="photo-card-upload">
      <Meter share={share} label={words.uploadOf(props.photo.filename)} />
      <p className="small quiet figures">
        {share < 1
          ? words.uploading(figures.bytes(props.sent), figures.bytes(props.total))
          : words.uploaded}
      </p>
    </div>
  );
}

/** What happened and what to do; never by colour alone. */
function TroubleNote({ photo }: { readonly photo: Photo }) {
  const words = useWords(WORDS);
  const table = useWords(TROUBLE);
  const figures = useFigures();
  const finding = findingOf(photo) ?? ofFailure(null);
  const { what, advice, said } = troubleOf(finding, table, figures);
  return (
    <div className={finding.cause === 'cancelled' ? 'note' : 'note alarm'}>
      <p className="photo-card-what">
        {finding.cause !== 'cancelled' && <Icon name="warning" />}
        {what}.
      </p>
      <p>{advice}</p>
      {said && <p className="small quiet photo-card-said">{words.said(said)}</p>}
    </div>
  );
}

/** What is not in the job's state. */
function Pending({ photo }: { readonly photo: Photo }) {
  const words = useWords(WORDS);
  if (photo.stage.at !== 'accepted') return null;
  const { job } = photo.stage;
  if (job.cancelling) return <p className="small quiet">{words.cancelling}</p>;
  if (job.state.degraded) return <p className="small quiet">{words.degraded}</p>;
  return null;
}

interface Said {
  readonly became: (format: string, size: string) => string;
  readonly within: (duration: string) => string;
  readonly chosen: string;
  readonly waiting: string;
  readonly paused: string;
  readonly retriesIn: (duration: string) => string;
  readonly uploadOf: (filename: string) => string;
  readonly uploading: (sent: string, total: string) => string;
  readonly uploaded: string;
  readonly said: (words: string) => string;
  readonly cancelling: string;
  readonly degraded: string;
}

const WORDS: Words<Said> = {
  en: {
    became: (format, size) => `${format}, ${size}`,
    within: (duration) => `in ${duration}`,
    chosen: 'Ready to be sent',
    waiting: 'Waits for its turn',
    paused: 'Paused',
    retriesIn: (duration) => `Tried again in ${duration}`,
    uploadOf: (filename) => `Upload of ${filename}`,
    uploading: (sent, total) => `${sent} of ${total} sent`,
    uploaded: 'Sent; the server is checking it',
    said: (words) => `The server says: ${words}`,
    cancelling: 'Being cancelled …',
    degraded: 'The records are away: the figures may be late',
  },
  fr: {
    became: (format, size) => `${format}, ${size}`,
    within: (duration) => `en ${duration}`,
    chosen: 'Prête à partir',
    waiting: 'Attend son tour',
    paused: 'En pause',
    retriesIn: (duration) => `Nouvel essai dans ${duration}`,
    uploadOf: (filename) => `Envoi de ${filename}`,
    uploading: (sent, total) => `${sent} sur ${total} envoyés`,
    uploaded: 'Envoyée ; le serveur la vérifie',
    said: (words) => `Le serveur dit : ${words}`,
    cancelling: 'Annulation en cours…',
    degraded: 'Les registres sont absents : les chiffres peuvent tarder',
  },
};
