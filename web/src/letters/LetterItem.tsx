import { useId, useState } from 'react';
import { Button, IconButton } from '../ui/controls';
import { type Figures, useFigures, useLanguage, useWords, type Words } from '../words/words';
import { ago, shortId } from './age';
import { LETTER, wordOf } from './letter-words';
import { isGone, type Letter } from './letters';
import type { Replayed, Trouble } from './useLetters';

/** One dead letter. The button stays where it is once it was pressed, and with it the focus. */
export function LetterItem(props: {
  readonly letter: Letter;
  readonly replayed: Replayed | null;
  readonly onReplay: () => void;
}) {
  const { letter, replayed, onReplay } = props;
  const words = useWords(WORDS);
  const { reasons } = useWords(LETTER);
  const id = useId();
  const isOver = replayed !== null && isSettled(replayed);
  const last = letter.history.at(-1);
  return (
    <li className="letters-item" aria-labelledby={id}>
      <h3 id={id}>{wordOf(reasons, letter.reason)}</h3>
      {last && (
        <p className="letters-error small">
          {words.lastError} {last.message} <code>{last.code}</code>
        </p>
      )}
      <Measures letter={letter} />
      <div className="letters-actions">
        <Button
          icon="retry"
          aria-disabled={isOver}
          aria-describedby={id}
          onClick={() => isOver || onReplay()}
        >
          {words.replay}
        </Button>
        <p role="status" className="small">
          {replayed && <Outcome replayed={replayed} />}
        </p>
      </div>
    </li>
  );
}

function Measures({ letter }: { readonly letter: Letter }) {
  const words = useWords(WORDS);
  const figures = useFigures();
  const { language } = useLanguage();
  const { deadAtMs, attempt, crashes, sizeBytes } = letter;
  return (
    <p className="letters-measures small quiet figures">
      <span title={deadAtMs === null ? undefined : new Date(deadAtMs).toISOString()}>
        {deadAtMs === null ? words.ageless : ago(Date.now() - deadAtMs, language)}
      </span>
      <span>{words.attempts(attempt, figures)}</span>
      {crashes > 0 && <span>{words.crashes(crashes, figures)}</span>}
      <span>{figures.bytes(sizeBytes)}</span>
      {!letter.readable && <span>{words.unreadable}</span>}
      <Id id={letter.id} />
    </p>
  );
}

/** Its id, as short as people tell it by; copied whole, as `nws dlq` and logs have it. */
function Id({ id }: { readonly id: string }) {
  const words = useWords(WORDS);
  const [isCopied, setCopied] = useState(false);
  const copy = () =>
    navigator.clipboard?.writeText(id).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return (
    <span className="letters-id">
      <code title={id}>{shortId(id)}</code>
      <IconButton
        icon={isCopied ? 'check' : 'copy'}
        label={words.copy(shortId(id))}
        onClick={copy}
      />
      <span role="status" className="visually-hidden">
        {isCopied && words.copied}
      </span>
    </span>
  );
}

function Outcome({ replayed }: { readonly replayed: Replayed }) {
  const words = useWords(WORDS);
  const { fates } = useWords(LETTER);
  if (replayed.is === 'asked') return words.asked;
  if (replayed.is === 'trouble') return words.troubles[replayed.why];
  return [...new Set(replayed.fates)].map((fate) => wordOf(fates, fate)).join(' · ');
}

/** Whether another press comes to nothing. */
function isSettled(replayed: Replayed): boolean {
  if (replayed.is === 'told') return replayed.fates.every(isGone);
  return replayed.is === 'asked' || replayed.why === 'absent';
}

interface Said {
  readonly lastError: string;
  readonly ageless: string;
  readonly attempts: (count: number, figures: Figures) => string;
  readonly crashes: (count: number, figures: Figures) => string;
  readonly unreadable: string;
  readonly copy: (id: string) => string;
  readonly copied: string;
  readonly replay: string;
  readonly asked: string;
  readonly troubles: Readonly<Record<Trouble, string>>;
}

const WORDS: Words<Said> = {
  en: {
    lastError: 'Last error:',
    ageless: 'of unknown age',
    attempts: (count, figures) => (count === 1 ? '1 attempt' : `${figures.count(count)} attempts`),
    crashes: (count, figures) => (count === 1 ? '1 crash' : `${figures.count(count)} crashes`),
    unreadable: 'not readable by this version',
    copy: (id) => `Copy the id ${id}`,
    copied: 'Copied.',
    replay: 'Replay',
    asked: 'Being sent …',
    troubles: {
      key: 'The server asks for a key.',
      scope: 'The key in use may not do this: it needs the scope “admin”.',
      absent: 'It is not there any more.',
      busy: 'Somebody else looks at them just now. Try again in a moment.',
      away: 'The server, or its queue, is out of reach. Try again.',
      refused: 'The server refused.',
    },
  },
  fr: {
    lastError: 'Dernière erreur :',
    ageless: 'd’âge inconnu',
    attempts: (count, figures) =>
      count < 2 ? `${count} tentative` : `${figures.count(count)} tentatives`,
    crashes: (count, figures) => (count < 2 ? `${count} chute` : `${figures.count(count)} chutes`),
    unreadable: 'illisible pour cette version',
    copy: (id) => `Copier l’identifiant ${id}`,
    copied: 'Copié.',
    replay: 'Rejouer',
    asked: 'Envoi…',
    troubles: {
      key: 'Le serveur demande une clé.',
      scope: 'La clé utilisée ne le permet pas : il faut la portée « admin ».',
      absent: 'Elle n’est plus là.',
      busy: 'Quelqu’un d’autre les regarde en ce moment. Réessayez dans un instant.',
      away: 'Le serveur, ou sa file, est hors d’atteinte. Réessayez.',
      refused: 'Le serveur a refusé.',
    },
  },
};
