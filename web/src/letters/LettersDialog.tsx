import { useId } from 'react';
import { keyring } from '../api/keyring';
import { Button, IconButton } from '../ui/controls';
import { useModal } from '../ui/useModal';
import { type Figures, useFigures, useWords, type Words } from '../words/words';
import { LetterItem } from './LetterItem';
import './letters.css';
import type { Letters } from './letters';
import { type Trouble, useLetters } from './useLetters';

/** The jobs that nobody works on any more: why, since when, and once more. */
export function LettersDialog({ onClose }: { readonly onClose: () => void }) {
  const words = useWords(WORDS);
  const dialog = useModal();
  const id = useId();
  const { seen, isLooking, replayed, look, send } = useLetters();
  return (
    <dialog
      ref={dialog}
      className="letters"
      aria-labelledby={id}
      onClose={({ currentTarget }) => !currentTarget.open && onClose()}
    >
      <header className="letters-head">
        <h2 id={id}>{words.title}</h2>
        <Button
          look="bare"
          icon="retry"
          aria-disabled={isLooking}
          onClick={() => isLooking || void look()}
        >
          {words.refresh}
        </Button>
        <IconButton icon="cancel" label={words.close} onClick={onClose} />
      </header>
      <div className="letters-body" aria-busy={isLooking}>
        <p className="small quiet">{words.what}</p>
        <div role="status">
          {seen.is === 'unknown' && <p className="quiet">{words.looking}</p>}
          {seen.is === 'there' && <Count found={seen.found} />}
          {seen.is === 'trouble' && <Barrier why={seen.why} />}
        </div>
        {seen.is === 'there' && (
          <ul className="letters-list">
            {seen.found.letters.map((letter) => (
              // Two letters may have one id; they died one after the other.
              <LetterItem
                key={`${letter.id} ${letter.deadAtMs}`}
                letter={letter}
                replayed={replayed[letter.id] ?? null}
                onReplay={() => void send(letter.id)}
              />
            ))}
          </ul>
        )}
      </div>
    </dialog>
  );
}

function Count({ found }: { readonly found: Letters }) {
  const words = useWords(WORDS);
  const figures = useFigures();
  const { letters, total, complete } = found;
  if (letters.length === 0 && total === 0) return <p className="note">{words.none}</p>;
  const isPart = !complete || total > letters.length;
  return (
    <p className={isPart ? 'note' : 'quiet'}>
      {isPart ? words.part(letters.length, total, figures) : words.all(letters.length, figures)}
    </p>
  );
}

function Barrier({ why }: { readonly why: Trouble }) {
  const words = useWords(WORDS);
  const needsKey = why === 'key' || why === 'scope';
  return (
    <div className="note warn letters-barrier">
      <p>{words.troubles[why]}</p>
      {needsKey && <Button onClick={() => keyring.ask()}>{words.enterKey}</Button>}
    </div>
  );
}

interface Said {
  readonly title: string;
  readonly what: string;
  readonly refresh: string;
  readonly close: string;
  readonly looking: string;
  readonly none: string;
  readonly all: (count: number, figures: Figures) => string;
  readonly part: (shown: number, total: number, figures: Figures) => string;
  readonly troubles: Readonly<Record<Trouble, string>>;
  readonly enterKey: string;
}

const WORDS: Words<Said> = {
  en: {
    title: 'Dead letters',
    what: 'Jobs that nobody works on any more, the oldest first. A replay sends one once more, from its first attempt.',
    refresh: 'Refresh',
    close: 'Close',
    looking: 'Looking …',
    none: 'There are none: every job ended one way or the other.',
    all: (count, figures) => (count === 1 ? 'One letter' : `${figures.count(count)} letters`),
    part: (shown, total, figures) =>
      `${figures.count(shown)} of ${total > shown ? figures.count(total) : 'more'} are shown. “nws dlq” replays them by their reason, all at once.`,
    troubles: {
      key: 'The dead letters are not shown without a key.',
      scope: 'The key in use may not see them: they need the scope “admin”.',
      absent: 'This server does not show its dead letters.',
      busy: 'Somebody else looks at them just now. Refresh in a moment.',
      away: 'The server, or its queue, is out of reach. Refresh in a moment.',
      refused: 'The server did not answer as this page expects.',
    },
    enterKey: 'Enter a key',
  },
  fr: {
    title: 'Lettres mortes',
    what: 'Les tâches auxquelles plus personne ne travaille, les plus anciennes d’abord. Rejouer en renvoie une, depuis sa première tentative.',
    refresh: 'Actualiser',
    close: 'Fermer',
    looking: 'Lecture…',
    none: 'Il n’y en a pas : chaque tâche s’est terminée d’une façon ou d’une autre.',
    all: (count, figures) => (count < 2 ? 'Une lettre' : `${figures.count(count)} lettres`),
    part: (shown, total, figures) =>
      `Voici les ${figures.count(shown)} plus anciennes, sur ${total > shown ? figures.count(total) : 'davantage'}. « nws dlq » les rejoue par motif, toutes à la fois.`,
    troubles: {
      key: 'Les lettres mortes ne se montrent pas sans clé.',
      scope: 'La clé utilisée ne permet pas de les voir : il faut la portée « admin ».',
      absent: 'Ce serveur ne montre pas ses lettres mortes.',
      busy: 'Quelqu’un d’autre les regarde en ce moment. Actualisez dans un instant.',
      away: 'Le serveur, ou sa file, est hors d’atteinte. Actualisez dans un instant.',
      refused: 'Le serveur n’a pas répondu comme cette page l’attend.',
    },
    enterKey: 'Saisir une clé',
  },
};
