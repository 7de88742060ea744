import type { Limits } from '../api/types';
import { Button } from '../ui/controls';
import { useWords, type Words } from '../words/words';
import { CopyAs } from './CopyAs';
import { LogoField } from './LogoField';
import { LookFields } from './LookFields';
import { MarkPreview } from './MarkPreview';
import './mark.css';
import { MoreFields } from './MoreFields';
import { OutputFields } from './OutputFields';
import { PlacePicker } from './PlacePicker';
import { TextField } from './TextField';
import type { MarkEditing, PreviewPhoto } from './useMark';

interface Props {
  /** The photo to preview on; without one there is a sample. */
  readonly photo: PreviewPhoto | null;
  readonly limits: Limits | null;
  /** From `useMark`, which whoever sends the photos holds. */
  readonly editing: MarkEditing;
}

/** The mark and what becomes of the photos, with a preview of both. */
export function MarkEditor({ photo, limits, editing }: Props) {
  const words = useWords(WORDS);
  const { mark, change, problems } = editing;
  const hasHiddenProblem = OUTPUT.some((field) => problems[field] !== undefined);
  return (
    <section className="card mark-editor" aria-labelledby="mark-heading">
      <div className="mark-label-row">
        <h2 id="mark-heading">{words.heading}</h2>
        <Button look="bare" icon="retry" onClick={editing.reset}>
          {words.reset}
        </Button>
      </div>
      <MarkPreview photo={photo} editing={editing} />
      <TextField editing={editing} charsMax={limits?.textCharsMax} />
      <PlacePicker position={mark.position} onChange={(position) => change({ position })} />
      <LookFields editing={editing} />
      <details className="mark-group">
        <summary>{words.more}</summary>
        <MoreFields editing={editing} />
        <LogoField editing={editing} />
      </details>
      <details className="mark-group">
        <summary>
          {words.output}
          {hasHiddenProblem && <span className="mark-problem"> · {words.toCorrect}</span>}
        </summary>
        <OutputFields editing={editing} />
      </details>
      <CopyAs order={editing.order} />
    </section>
  );
}

/** What lies in the closed part, and must not be wrong unseen. */
const OUTPUT = ['width', 'height', 'quality'] as const;

interface EditorWords {
  readonly heading: string;
  readonly reset: string;
  readonly more: string;
  readonly output: string;
  readonly toCorrect: string;
}

const WORDS: Words<EditorWords> = {
  en: {
    heading: 'The mark',
    reset: 'Begin anew',
    more: 'Turn, lines and logo',
    output: 'Output: format, size, quality',
    toCorrect: 'to correct',
  },
  fr: {
    heading: 'Le filigrane',
    reset: 'Recommencer',
    more: 'Rotation, lignes et logo',
    output: 'Résultat\u00a0: format, taille, qualité',
    toCorrect: 'à corriger',
  },
};
