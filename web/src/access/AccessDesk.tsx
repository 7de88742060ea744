import { type Access, keyring } from '../api/keyring';
import { Button } from '../ui/controls';
import { useWords, type Words } from '../words/words';
import './access.css';
import { KeyDialog } from './KeyDialog';

/** One quiet line of how the key stands, and the question for one. */
export function AccessDesk({ access }: { readonly access: Access }) {
  const words = useWords(WORDS);
  const { key, refusal, asking } = access;
  const isRefused = refusal !== null;
  const lacks = lackOf(access);
  return (
    <>
      <div className="access small" data-trouble={isRefused || lacks !== null}>
        <p role="status">{wordsOf(access, words)}</p>
        {(isRefused || lacks !== null) && (
          <Button onClick={() => keyring.ask()}>{isRefused ? words.enter : words.another}</Button>
        )}
        {key !== null && (
          <Button look="bare" onClick={() => keyring.forget()}>
            {words.forget}
          </Button>
        )}
      </div>
      {asking && <KeyDialog access={access} />}
    </>
  );
}

function wordsOf(access: Access, words: Said): string {
  const lacks = lackOf(access);
  if (access.refusal !== null) return access.key === null ? words.needed : words.refused;
  return lacks === null ? words.held : words.lacks(lacks);
}

/** What photos need and the key does not allow. Who lacks `admin` is told where the dead letters are, and nobody else has to
 * read of it. */
function lackOf({ scopeMissing }: Access): string | null {
  return scopeMissing === 'admin' ? null : scopeMissing;
}

interface Said {
  readonly needed: string;
  readonly refused: string;
  readonly held: string;
  readonly lacks: (scope: string) => string;
  readonly enter: string;
  readonly another: string;
  readonly forget: string;
}

const WORDS: Words<Said> = {
  en: {
    needed: 'This server asks for a key.',
    refused: 'The server does not take the key in use.',
    held: 'A key is in use, until this tab is closed.',
    lacks: (scope) => `The key in use does not have the scope “${scope}”.`,
    enter: 'Enter a key',
    another: 'Use another key',
    forget: 'Forget key',
  },
  fr: {
    needed: 'Ce serveur demande une clé.',
    refused: 'Le serveur n’accepte pas la clé utilisée.',
    held: 'Une clé est utilisée, jusqu’à la fermeture de cet onglet.',
    lacks: (scope) => `La clé utilisée n’a pas la portée « ${scope} ».`,
    enter: 'Saisir une clé',
    another: 'Prendre une autre clé',
    forget: 'Oublier la clé',
  },
};
