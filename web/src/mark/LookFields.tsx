import { useId } from 'react';
import { Segments } from '../ui/controls';
import { useWords, type Words } from '../words/words';
import { NumberField } from './NumberField';
import { ProblemNote } from './ProblemNote';
import { RANGES } from './ranges';
import type { MarkEditing } from './useMark';

/** Where a slider begins that leaves `auto`: what `auto` chooses most often. */
const OPACITY_BEGINNING = 0.7;

/** Size, opacity and colour. */
export function LookFields({
  editing: { mark, change, problems },
}: {
  readonly editing: MarkEditing;
}) {
  const words = useWords(WORDS);
  const choices = (['auto', 'own'] as const).map((value) => ({ value, label: words[value] }));
  const setOpacity = (opacity: number) => change({ opacity });
  return (
    <>
      <NumberField
        label={words.size}
        unit="%"
        value={mark.sizePercent}
        range={RANGES.sizePercent}
        slider={{ min: 0.5, max: 15, step: 0.1 }}
        problem={problems.sizePercent}
        onChange={(sizePercent) => change({ sizePercent })}
      />
      <div className="mark-pair">
        <Segments
          legend={words.opacity}
          choices={choices}
          value={mark.opacity === 'auto' ? 'auto' : 'own'}
          onChange={(value) => change({ opacity: value === 'auto' ? 'auto' : OPACITY_BEGINNING })}
        />
        <Segments
          legend={words.color}
          choices={choices}
          value={mark.color === 'auto' ? 'auto' : 'own'}
          onChange={(value) => change({ color: value === 'auto' ? 'auto' : '#ffffff' })}
        />
      </div>
      {mark.opacity !== 'auto' && (
        <NumberField
          label={words.opacityValue}
          unit={words.ofOne}
          value={mark.opacity}
          range={RANGES.opacity}
          slider={{ ...RANGES.opacity, step: 0.05 }}
          problem={problems.opacity}
          onChange={setOpacity}
        />
      )}
      {mark.color !== 'auto' && <ColorField editing={{ mark, change, problems }} />}
    </>
  );
}

function ColorField({
  editing: { mark, change, problems },
}: {
  readonly editing: Pick<MarkEditing, 'mark' | 'change' | 'problems'>;
}) {
  const words = useWords(WORDS);
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{words.colorValue}</label>
      <input
        id={id}
        className="mark-color"
        type="color"
        value={mark.color}
        aria-describedby={`${id}-problem`}
        onChange={(event) => change({ color: `#${event.target.value.slice(1)}` })}
      />
      <ProblemNote id={`${id}-problem`} problem={problems.color} />
    </div>
  );
}

interface LookWords {
  readonly size: string;
  readonly opacity: string;
  readonly opacityValue: string;
  readonly ofOne: string;
  readonly color: string;
  readonly colorValue: string;
  readonly auto: string;
  readonly own: string;
}

const WORDS: Words<LookWords> = {
  en: {
    size: 'Letter height',
    opacity: 'Opacity',
    opacityValue: 'Opacity, 0 to 1',
    ofOne: 'of 1',
    color: 'Colour',
    colorValue: 'Picked colour',
    auto: 'Legible',
    own: 'My own',
  },
  fr: {
    size: 'Hauteur des lettres',
    opacity: 'Opacité',
    opacityValue: 'Opacité, de 0 à 1',
    ofOne: 'sur 1',
    color: 'Couleur',
    colorValue: 'Couleur choisie',
    auto: 'Lisible',
    own: 'La mienne',
  },
};
