import { useId } from 'react';
import { OUTPUT_FORMATS } from '../api/types';
import { Field, Segments } from '../ui/controls';
import { formatName } from '../words/formats';
import { useWords, type Words } from '../words/words';
import { NumberField, NumberInput } from './NumberField';
import { ProblemNote } from './ProblemNote';
import { RANGES } from './ranges';
import type { MarkEditing } from './useMark';

/** Boxes that many ask for; null leaves a side free. */
const BOXES = {
  web: { width: 1920, height: 1080 },
  large: { width: 3840, height: 2160 },
  square: { width: 1080, height: 1080 },
  original: { width: null, height: null },
} as const;

type Box = keyof typeof BOXES;

const BOX_NAMES: readonly Box[] = ['web', 'large', 'square', 'original'];

/** Where a slider begins that leaves `auto`: what `auto` writes for most JPEGs. */
const QUALITY_BEGINNING = 85;

/** Format, size and quality of the result. */
export function OutputFields({ editing }: { readonly editing: MarkEditing }) {
  const words = useWords(WORDS);
  const { mark, change, problems } = editing;
  const qualities = (['auto', 'keep', 'own'] as const).map((value) => ({
    value,
    label: words[value],
  }));
  return (
    <>
      <Segments
        legend={words.format}
        choices={OUTPUT_FORMATS.map((value) => ({ value, label: formatName(value) }))}
        value={mark.format === 'auto' ? 'jpeg' : mark.format}
        onChange={(format) => change({ format })}
      />
      <BoxFields editing={editing} />
      {mark.format !== 'png' && (
        <Segments
          legend={words.quality}
          choices={qualities}
          value={typeof mark.quality === 'number' ? 'own' : mark.quality}
          onChange={(value) => change({ quality: value === 'own' ? QUALITY_BEGINNING : value })}
        />
      )}
      {mark.format !== 'png' && typeof mark.quality === 'number' && (
        <NumberField
          label={words.qualityValue}
          unit={words.ofHundred}
          value={mark.quality}
          range={RANGES.quality}
          problem={problems.quality}
          onChange={(quality) => change({ quality })}
        />
      )}
    </>
  );
}

function BoxFields({ editing: { mark, change, problems } }: { readonly editing: MarkEditing }) {
  const words = useWords(WORDS);
  const known = BOX_NAMES.find(
    (box) => BOXES[box].width === mark.width && BOXES[box].height === mark.height,
  );
  return (
    <>
      <Field label={words.box}>
        {({ id }) => (
          <select
            id={id}
            className="input"
            value={known ?? 'own'}
            onChange={({ target: { value } }) => {
              const box = BOX_NAMES.find((box) => box === value);
              if (box) change(BOXES[box]);
            }}
          >
            {BOX_NAMES.map((box) => (
              <option key={box} value={box}>
                {words.boxes[box]}
              </option>
            ))}
            {!known && <option value="own">{words.boxes.own}</option>}
          </select>
        )}
      </Field>
      <div className="mark-pair">
        <SideField side="width" label={words.width} {...{ mark, change, problems }} />
        <SideField side="height" label={words.height} {...{ mark, change, problems }} />
      </div>
    </>
  );
}

interface SideProps extends Pick<MarkEditing, 'mark' | 'change' | 'problems'> {
  readonly side: 'width' | 'height';
  readonly label: string;
}

/** An empty side is free. */
function SideField({ side, label, mark, change, problems }: SideProps) {
  const id = useId();
  const set = (value: number) => {
    const pixels = Number.isNaN(value) ? null : value;
    change(side === 'width' ? { width: pixels } : { height: pixels });
  };
  const problem = problems[side];
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <NumberInput
        {...{ id, problem }}
        value={mark[side] ?? Number.NaN}
        range={RANGES[side]}
        onChange={set}
      />
      <ProblemNote id={`${id}-problem`} problem={problem} />
    </div>
  );
}

interface OutputWords {
  readonly format: string;
  readonly box: string;
  readonly boxes: Readonly<Record<Box | 'own', string>>;
  readonly width: string;
  readonly height: string;
  readonly quality: string;
  readonly qualityValue: string;
  readonly ofHundred: string;
  readonly auto: string;
  readonly keep: string;
  readonly own: string;
}

const WORDS: Words<OutputWords> = {
  en: {
    format: 'Format',
    box: 'Fit into',
    boxes: {
      web: '1920 × 1080',
      large: '3840 × 2160',
      square: '1080 × 1080',
      original: 'Original size',
      own: 'A size of my own',
    },
    width: 'Width at most, px',
    height: 'Height at most, px',
    quality: 'Quality',
    qualityValue: 'Quality, 1 to 100',
    ofHundred: 'of 100',
    auto: 'By size',
    keep: 'As the source',
    own: 'My own',
  },
  fr: {
    format: 'Format',
    box: 'Tenir dans',
    boxes: {
      web: '1920 × 1080',
      large: '3840 × 2160',
      square: '1080 × 1080',
      original: 'Taille d’origine',
      own: 'Une taille à moi',
    },
    width: 'Largeur max., px',
    height: 'Hauteur max., px',
    quality: 'Qualité',
    qualityValue: 'Qualité, de 1 à 100',
    ofHundred: 'sur 100',
    auto: 'Selon la taille',
    keep: 'De la source',
    own: 'La mienne',
  },
};
