import { useEffect, useState } from 'react';
import { useAccess } from '../access/useAccess';
import type { Photo } from '../photos/photo';
import { Meter } from '../ui/controls';
import { useFigures, useWords, type Words } from '../words/words';
import { findingOf, ofProblem } from './causes';
import { Steps } from './Steps';
import { TroubleNote } from './TroubleNote';
import { troubleOf } from './trouble';
import { TROUBLE } from './trouble-words';

/** How far a photo has come. */
export function CardStage(props: { readonly photo: Photo; readonly paused: boolean }) {
  const words = useWords(WORDS);
  const { photo, paused } = props;
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
          {finding && <TroubleNote finding={finding} />}
          {!stage.job.unknown && <Steps job={stage.job} />}
          <Pending photo={photo} />
        </>
      );
    default:
      return finding && <TroubleNote finding={finding} />;
  }
}

function Waiting(props: {
  readonly stage: Extract<Photo['stage'], { at: 'waiting' }>;
  readonly paused: boolean;
}) {
  const words = useWords(WORDS);
  const trouble = useWords(TROUBLE);
  const figures = useFigures();
  const isLocked = useAccess().refusal !== null;
  const { retryAtMs, problem } = props.stage;
  if (props.paused) return <p className="small quiet">{words.paused}</p>;
  if (isLocked) return <p className="small quiet">{words.locked}</p>;
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
  readonly chosen: string;
  readonly waiting: string;
  readonly paused: string;
  readonly locked: string;
  readonly retriesIn: (duration: string) => string;
  readonly uploadOf: (filename: string) => string;
  readonly uploading: (sent: string, total: string) => string;
  readonly uploaded: string;
  readonly cancelling: string;
  readonly degraded: string;
}

const WORDS: Words<Said> = {
  en: {
    chosen: 'Ready to be sent',
    waiting: 'Waits for its turn',
    paused: 'Paused',
    locked: 'Waits for a key; nothing was sent',
    retriesIn: (duration) => `Tried again in ${duration}`,
    uploadOf: (filename) => `Upload of ${filename}`,
    uploading: (sent, total) => `${sent} of ${total} sent`,
    uploaded: 'Sent; the server is checking it',
    cancelling: 'Being cancelled …',
    degraded: 'The records are away: the figures may be late',
  },
  fr: {
    chosen: 'Prête à partir',
    waiting: 'Attend son tour',
    paused: 'En pause',
    locked: 'Attend une clé ; rien n’a été envoyé',
    retriesIn: (duration) => `Nouvel essai dans ${duration}`,
    uploadOf: (filename) => `Envoi de ${filename}`,
    uploading: (sent, total) => `${sent} sur ${total} envoyés`,
    uploaded: 'Envoyée ; le serveur la vérifie',
    cancelling: 'Annulation en cours…',
    degraded: 'Les registres sont absents : les chiffres peuvent tarder',
  },
};
