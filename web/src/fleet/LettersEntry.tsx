import { useCallback, useState } from 'react';
import { Button } from '../ui/controls';
import { useLater } from '../ui/useLater';
import { useWords, type Words } from '../words/words';

/** The way to the dead letters. What shows them is fetched with the first look. */
export function LettersEntry() {
  const words = useWords(WORDS);
  const [isOpen, setOpen] = useState(false);
  const close = useCallback(() => setOpen(false), []);
  const later = useLater(isOpen, loadLetters);
  return (
    <>
      <Button look="bare" className="fleet-letters small" onClick={() => setOpen(true)}>
        {words.letters}
      </Button>
      {isOpen && later === 'away' && <span role="alert">{words.away}</span>}
      {isOpen && later && later !== 'away' && <later.LettersDialog onClose={close} />}
    </>
  );
}

function loadLetters() {
  return import('../letters/LettersDialog');
}

const WORDS: Words<Readonly<Record<'letters' | 'away', string>>> = {
  en: { letters: 'Dead letters', away: 'Out of reach' },
  fr: { letters: 'Lettres mortes', away: 'Hors d’atteinte' },
};
