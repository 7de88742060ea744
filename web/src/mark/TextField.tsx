import { useId, useRef } from 'react';
import { Button } from '../ui/controls';
import { useWords, type Words } from '../words/words';
import { charsOf, TEXT_CHARS_MAX } from './checks';
import { ProblemNote } from './ProblemNote';
import { VARIABLES, type Variable } from './text/variables';
import type { MarkEditing } from './useMark';

/** The mark's text, and its variables at a press. */
export function TextField({
  editing,
  charsMax,
}: {
  editing: MarkEditing;
  charsMax?: number | undefined;
}) {
  const words = useWords(WORDS);
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const { mark, change, expanded, problems, logo } = editing;
  const insert = (variable: Variable) => {
    const { selectionStart: from, selectionEnd: to } = area.current ?? END;
    const text = `${mark.text.slice(0, from)}{${variable}}${mark.text.slice(to)}`;
    change({ text });
    area.current?.focus();
    // The text is there after React has rendered; typing goes on behind the variable.
    const end = from + variable.length + 2;
    requestAnimationFrame(() => area.current?.setSelectionRange(end, end));
  };
  return (
    <div className="field">
      <div className="mark-label-row">
        <label htmlFor={id}>{words.label}</label>
        <span className="quiet small figures" aria-hidden="true">
          {words.length(charsOf(expanded.text ?? mark.text), charsMax ?? TEXT_CHARS_MAX)}
        </span>
      </div>
      <textarea
        ref={area}
        id={id}
        className="input"
        rows={2}
        dir="auto"
        value={mark.text}
        placeholder={logo ? words.logoAlone : ''}
        aria-invalid={problems.text !== undefined}
        aria-describedby={`${id}-problem`}
        onChange={(event) => change({ text: event.target.value })}
      />
      <ProblemNote id={`${id}-problem`} problem={problems.text} />
      <fieldset className="mark-variables">
        <legend className="quiet small">{words.insert}</legend>
        {VARIABLES.map((variable) => (
          <Button
            key={variable}
            onClick={() => insert(variable)}
            aria-label={words.variables[variable]}
          >
            {`{${variable}}`}
          </Button>
        ))}
      </fieldset>
    </div>
  );
}

const END = { selectionStart: Number.MAX_SAFE_INTEGER, selectionEnd: Number.MAX_SAFE_INTEGER };

interface TextWords {
  readonly label: string;
  readonly insert: string;
  readonly logoAlone: string;
  readonly length: (chars: number, max: number) => string;
  readonly variables: Readonly<Record<Variable, string>>;
}

const WORDS: Words<TextWords> = {
  en: {
    label: 'Text',
    insert: 'Insert',
    logoAlone: 'No text: the logo stands alone',
    length: (chars, max) => `${chars} of ${max} characters`,
    variables: {
      year: 'Insert {year}: the year of the upload',
      date: 'Insert {date}: the day of the upload',
      filename: 'Insert {filename}: the file’s name',
      width: 'Insert {width}: the photo’s width in pixels',
      height: 'Insert {height}: the photo’s height in pixels',
      'exif.date': 'Insert {exif.date}: the day the photo was taken',
      'exif.artist': 'Insert {exif.artist}: who took it, by its metadata',
      'exif.copyright': 'Insert {exif.copyright}: whose it is, by its metadata',
    },
  },
  fr: {
    label: 'Texte',
    insert: 'Insérer',
    logoAlone: 'Pas de texte\u00a0: le logo est seul',
    length: (chars, max) => `${chars} caractères sur ${max}`,
    variables: {
      year: 'Insérer {year}\u00a0: l’année de l’envoi',
      date: 'Insérer {date}\u00a0: le jour de l’envoi',
      filename: 'Insérer {filename}\u00a0: le nom du fichier',
      width: 'Insérer {width}\u00a0: la largeur de la photo en pixels',
      height: 'Insérer {height}\u00a0: la hauteur de la photo en pixels',
      'exif.date': 'Insérer {exif.date}\u00a0: le jour de la prise de vue',
      'exif.artist': 'Insérer {exif.artist}\u00a0: l’auteur, selon les métadonnées',
      'exif.copyright': 'Insérer {exif.copyright}\u00a0: les droits, selon les métadonnées',
    },
  },
};
