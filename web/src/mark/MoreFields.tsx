import { Segments } from '../ui/controls';
import { useWords, type Words } from '../words/words';
import { ALIGNS, type Align } from './mark';
import { NumberField } from './NumberField';
import { RANGES } from './ranges';
import type { MarkEditing } from './useMark';

/** What fewer people touch: the turn, and what only some marks have. */
export function MoreFields({
  editing: { mark, change, problems, logo },
}: {
  readonly editing: MarkEditing;
}) {
  const words = useWords(WORDS);
  const hasLines = mark.text.includes('\n') || (logo !== null && mark.text !== '');
  return (
    <>
      <NumberField
        label={words.turn}
        unit="°"
        value={mark.rotateDegrees}
        range={RANGES.rotateDegrees}
        slider={{ min: -180, max: 180, step: 1 }}
        problem={problems.rotateDegrees}
        onChange={(rotateDegrees) => change({ rotateDegrees })}
      />
      {hasLines && (
        <Segments
          legend={words.align}
          choices={ALIGNS.map((value) => ({ value, label: words.aligns[value] }))}
          value={mark.align}
          onChange={(align) => change({ align })}
        />
      )}
      {mark.position === 'tile' && (
        <NumberField
          label={words.spacing}
          unit="%"
          value={mark.spacingPercent}
          range={RANGES.spacingPercent}
          slider={{ min: 0, max: 50, step: 0.5 }}
          problem={problems.spacingPercent}
          onChange={(spacingPercent) => change({ spacingPercent })}
        />
      )}
    </>
  );
}

interface MoreWords {
  readonly turn: string;
  readonly align: string;
  readonly aligns: Readonly<Record<Align, string>>;
  readonly spacing: string;
}

const WORDS: Words<MoreWords> = {
  en: {
    turn: 'Turn, clockwise',
    align: 'Lines even on the',
    aligns: { auto: 'side of the mark', left: 'left', center: 'middle', right: 'right' },
    spacing: 'Room between marks',
  },
  fr: {
    turn: 'Rotation horaire',
    align: 'Alignement des lignes',
    aligns: { auto: 'côté du filigrane', left: 'gauche', center: 'centre', right: 'droite' },
    spacing: 'Espace entre les marques',
  },
};
