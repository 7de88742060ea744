import type { Board, BoardState } from '../photos/board';
import { Button, Meter } from '../ui/controls';
import { Icon } from '../ui/icons';
import { useFigures, useWords, type Words } from '../words/words';
import { type Tally, tallyOf } from './tally';
import { ZipButton } from './ZipButton';

/** The list in figures, and what can be done with all of it. No button comes or goes, so that nothing moves. */
export function ListHead({ board, state }: { readonly board: Board; readonly state: BoardState }) {
  const words = useWords(WORDS);
  const tally = tallyOf(state.photos);
  return (
    <header className="photo-list-head">
      <div className="photo-list-counts">
        <h2 className="figures">{words.counts(tally)}</h2>
        <p className="small quiet figures">
          <Saved tally={tally} />
          {tally.failed > 0 && <span>{words.failed(tally.failed)}</span>}
          {tally.refused > 0 && <span>{words.refused(tally.refused)}</span>}
          {state.connection === 'lost' && <Lost />}
        </p>
      </div>
      <div className="photo-list-actions">
        <PauseButton board={board} paused={state.paused} underWay={tally.underWay} />
        <Button
          look="bare"
          icon="remove"
          disabled={tally.ended === 0}
          onClick={() => board.removeEnded()}
        >
          {words.removeEnded}
        </Button>
        <ZipButton photos={state.photos} onMissing={() => board.recheck()} />
      </div>
      <Meter share={tally.photos > 0 ? tally.done / tally.photos : 0} label={words.progress} />
    </header>
  );
}

function PauseButton(props: {
  readonly board: Board;
  readonly paused: boolean;
  readonly underWay: number;
}) {
  const words = useWords(WORDS);
  const { board, paused } = props;
  if (!paused) {
    return (
      <Button
        look="bare"
        icon="pause"
        disabled={props.underWay === 0}
        onClick={() => board.pause()}
      >
        {words.pause}
      </Button>
    );
  }
  return (
    <Button icon="play" onClick={() => board.resume()}>
      {words.resume}
    </Button>
  );
}

function Saved({ tally }: { readonly tally: Tally }) {
  const words = useWords(WORDS);
  const figures = useFigures();
  const { beforeBytes, afterBytes } = tally;
  if (beforeBytes === 0) return null;
  const share = figures.percent(Math.abs(beforeBytes - afterBytes) / beforeBytes);
  const bytes = figures.bytes(Math.abs(beforeBytes - afterBytes));
  return (
    <span>{afterBytes <= beforeBytes ? words.saved(bytes, share) : words.grown(bytes, share)}</span>
  );
}

function Lost() {
  const words = useWords(WORDS);
  return (
    <span className="photo-list-lost">
      <Icon name="warning" />
      {words.lost}
    </span>
  );
}

interface Said {
  readonly counts: (tally: Tally) => string;
  readonly failed: (count: number) => string;
  readonly refused: (count: number) => string;
  readonly saved: (bytes: string, share: string) => string;
  readonly grown: (bytes: string, share: string) => string;
  readonly lost: string;
  readonly pause: string;
  readonly resume: string;
  readonly removeEnded: string;
  readonly progress: string;
}

const WORDS: Words<Said> = {
  en: {
    counts: ({ done, photos, underWay }) => {
      if (done + underWay === 0) return photos === 1 ? '1 photo' : `${photos} photos`;
      return `${done} of ${photos} done`;
    },
    failed: (count) => `${count} failed`,
    refused: (count) => `${count} refused`,
    saved: (bytes, share) => `${bytes} saved (${share})`,
    grown: (bytes, share) => `${bytes} larger (${share})`,
    lost: 'Connection lost; being tried again',
    pause: 'Pause',
    resume: 'Resume',
    removeEnded: 'Remove ended',
    progress: 'Photos done',
  },
  fr: {
    counts: ({ done, photos, underWay }) => {
      if (done + underWay === 0) return photos < 2 ? `${photos} photo` : `${photos} photos`;
      return done < 2 ? `${done} sur ${photos} terminée` : `${done} sur ${photos} terminées`;
    },
    failed: (count) => (count < 2 ? `${count} échec` : `${count} échecs`),
    refused: (count) => (count < 2 ? `${count} refusée` : `${count} refusées`),
    saved: (bytes, share) => `${bytes} économisés (${share})`,
    grown: (bytes, share) => `${bytes} de plus (${share})`,
    lost: 'Connexion perdue ; nouvelle tentative en cours',
    pause: 'Pause',
    resume: 'Reprendre',
    removeEnded: 'Retirer les terminées',
    progress: 'Photos terminées',
  },
};
