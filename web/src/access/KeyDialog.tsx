import { type SubmitEvent, useId, useRef, useState } from 'react';
import { type Access, isCredential, keyring } from '../api/keyring';
import { Button } from '../ui/controls';
import { useModal } from '../ui/useModal';
import { useWords, type Words } from '../words/words';
import { tryKey, type Verdict } from './tryKey';

/** Why a key was not taken, as far as it was tried. */
type Trouble = Exclude<Verdict, { is: 'taken' }> | { readonly is: 'unsendable' };

/** Asks for a key, and takes it once the server does. */
export function KeyDialog({ access }: { readonly access: Access }) {
  const words = useWords(WORDS);
  const dialog = useModal();
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const [isShown, setShown] = useState(false);
  const { trouble, isTrying, submit } = useTrial(access);
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    void submit(field.current?.value.trim() ?? '').then(() => field.current?.focus());
  };
  return (
    <dialog
      ref={dialog}
      className="key-dialog"
      aria-labelledby={`${id}-title`}
      onClose={({ currentTarget }) => !currentTarget.open && keyring.dismiss()}
    >
      <form onSubmit={onSubmit}>
        <h2 id={`${id}-title`}>{words.title}</h2>
        <p id={`${id}-hint`} className="small quiet">
          {words.what}
        </p>
        <div className="field">
          <label htmlFor={id}>{words.key}</label>
          <div className="key-dialog-field">
            {/* Without a name, it is in no form's data and so in no address. */}
            <input
              ref={field}
              id={id}
              className="input"
              type={isShown ? 'text' : 'password'}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              aria-describedby={`${id}-trouble ${id}-hint`}
              aria-invalid={trouble !== null && trouble.is !== 'away'}
            />
            <Button aria-pressed={isShown} onClick={() => setShown(!isShown)}>
              {words.show}
            </Button>
          </div>
          <p id={`${id}-trouble`} role="alert" className="key-dialog-trouble small">
            {trouble && words.trouble(trouble)}
          </p>
        </div>
        <div className="key-dialog-actions">
          <Button look="primary" type="submit" aria-disabled={isTrying}>
            {isTrying ? words.trying : words.use}
          </Button>
          <Button onClick={() => keyring.dismiss()}>{words.later}</Button>
          {access.key !== null && (
            <Button look="bare" onClick={() => keyring.forget()}>
              {words.forget}
            </Button>
          )}
        </div>
      </form>
    </dialog>
  );
}

function useTrial({ key, refusal }: Access) {
  const before: Trouble | null =
    key !== null && refusal !== null ? { is: 'refused', said: refusal || null } : null;
  const [trouble, setTrouble] = useState<Trouble | null>(before);
  const [isTrying, setTrying] = useState(false);
  const submit = async (wanted: string) => {
    if (isTrying) return;
    if (!isCredential(wanted)) return setTrouble({ is: 'unsendable' });
    setTrying(true);
    const verdict = await tryKey(wanted);
    setTrying(false);
    if (verdict.is === 'taken') keyring.take(wanted);
    else setTrouble(verdict);
  };
  return { trouble, isTrying, submit };
}

interface Said {
  readonly title: string;
  readonly what: string;
  readonly key: string;
  readonly show: string;
  readonly use: string;
  readonly trying: string;
  readonly later: string;
  readonly forget: string;
  readonly trouble: (trouble: Trouble) => string;
}

const WORDS: Words<Said> = {
  en: {
    title: 'This server asks for a key',
    what: 'By an API key or a token it knows who asks. Whoever runs the server gives you one. It is kept until this tab is closed, and sent to this server only.',
    key: 'Key',
    show: 'Show',
    use: 'Use key',
    trying: 'Being tried …',
    later: 'Not now',
    forget: 'Forget key',
    trouble: (trouble) => {
      if (trouble.is === 'away')
        return 'The server could not say whether the key is good. Try again.';
      if (trouble.is === 'unsendable')
        return 'This is no key: one is a single word of letters, digits and signs.';
      const said = trouble.said ? ` It says: ${trouble.said}.` : '';
      return `The server does not take this key.${said}`;
    },
  },
  fr: {
    title: 'Ce serveur demande une clé',
    what: 'Une clé d’API ou un jeton lui dit qui demande. La personne qui gère le serveur vous en donne. La clé est gardée jusqu’à la fermeture de cet onglet, et envoyée à ce serveur seulement.',
    key: 'Clé',
    show: 'Afficher',
    use: 'Utiliser la clé',
    trying: 'Vérification…',
    later: 'Plus tard',
    forget: 'Oublier la clé',
    trouble: (trouble) => {
      if (trouble.is === 'away')
        return 'Le serveur n’a pas pu dire si la clé est bonne. Réessayez.';
      if (trouble.is === 'unsendable')
        return 'Ce n’est pas une clé : c’est un seul mot de lettres, de chiffres et de signes.';
      const said = trouble.said ? ` Il dit : ${trouble.said}.` : '';
      return `Le serveur n’accepte pas cette clé.${said}`;
    },
  },
};
