import { useId } from 'react';
import { Button } from '../ui/controls';
import { useWords, type Words } from '../words/words';
import { MEDIA_TYPES } from './logo';
import { NumberField } from './NumberField';
import { ProblemNote } from './ProblemNote';
import { RANGES } from './ranges';
import type { MarkEditing } from './useMark';

/** A logo from a file, and its size. */
export function LogoField({ editing }: { readonly editing: MarkEditing }) {
  const words = useWords(WORDS);
  const id = useId();
  const { mark, change, problems, logo, chooseLogo } = editing;
  const hasChosen = logo !== null || problems.logo !== undefined;
  return (
    <>
      <div className="field">
        <label htmlFor={id}>{words.label}</label>
        <div className="mark-logo-row">
          <input
            // A file that was removed can be chosen again.
            key={hasChosen ? 'chosen' : 'none'}
            id={id}
            className="input"
            type="file"
            accept={MEDIA_TYPES.join()}
            aria-describedby={`${id}-hint ${id}-problem`}
            onChange={(event) => chooseLogo(event.target.files?.[0] ?? null)}
          />
          {hasChosen && (
            <Button icon="remove" onClick={() => chooseLogo(null)}>
              {words.remove}
            </Button>
          )}
        </div>
        <ProblemNote id={`${id}-problem`} problem={problems.logo} />
        <p id={`${id}-hint`} className="quiet small">
          {logo ? words.chosen(logo.file.name) : words.hint}
        </p>
      </div>
      {logo && (
        <NumberField
          label={words.size}
          unit="%"
          value={mark.logoSizePercent}
          range={RANGES.logoSizePercent}
          slider={{ min: 1, max: 60, step: 0.5 }}
          problem={problems.logoSizePercent}
          onChange={(logoSizePercent) => change({ logoSizePercent })}
        />
      )}
    </>
  );
}

interface LogoWords {
  readonly label: string;
  readonly hint: string;
  readonly chosen: (name: string) => string;
  readonly remove: string;
  readonly size: string;
}

const WORDS: Words<LogoWords> = {
  en: {
    label: 'Logo',
    hint: 'PNG or WebP. It stands above the text, or alone where there is none; this page forgets it when it is closed.',
    chosen: (name) => `${name}. This page forgets it when it is closed.`,
    remove: 'Remove',
    size: 'Logo height',
  },
  fr: {
    label: 'Logo',
    hint: 'PNG ou WebP. Il se place au-dessus du texte, ou seul s’il n’y en a pas\u202f; cette page l’oublie quand on la ferme.',
    chosen: (name) => `${name}. Cette page l’oublie quand on la ferme.`,
    remove: 'Retirer',
    size: 'Hauteur du logo',
  },
};
