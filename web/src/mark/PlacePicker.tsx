import { type KeyboardEvent, useId, useRef } from 'react';
import { useWords, type Words } from '../words/words';
import { type Place, POSITIONS, type Position } from './mark';
import { PLACE_WORDS } from './place-words';

interface Props {
  readonly position: Position;
  readonly onChange: (position: Position) => void;
}

/** Nine places as they lie on the photo, the calmest of them, or everywhere: one group of radio buttons. */
export function PlacePicker({ position, onChange }: Props) {
  const words = useWords(WORDS);
  const places = useWords(PLACE_WORDS);
  const name = useId();
  const grid = useRef<HTMLDivElement>(null);
  const go = (event: KeyboardEvent) => {
    const next = neighbour(position, event.key);
    if (!next) return;
    event.preventDefault();
    onChange(next);
    grid.current?.querySelector<HTMLInputElement>(`input[value="${next}"]`)?.focus();
  };
  const radio = (value: Position) => ({
    type: 'radio' as const,
    name,
    value,
    checked: value === position,
    onChange: () => onChange(value),
  });
  return (
    <fieldset className="field">
      <legend>{words.legend}</legend>
      <div className="mark-places">
        {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the radio buttons within */}
        <div className="mark-grid" ref={grid} onKeyDown={go}>
          {POSITIONS.map((place) => (
            <label key={place} className="mark-place" title={places[place]}>
              <input {...radio(place)} />
              <span className="visually-hidden">{places[place]}</span>
            </label>
          ))}
        </div>
        <div className="segments">
          {(['auto', 'tile'] as const).map((value) => (
            <label key={value} className="segment">
              <input {...radio(value)} />
              <span>{words[value]}</span>
            </label>
          ))}
        </div>
      </div>
    </fieldset>
  );
}

/** Where an arrow leads within the grid: to what lies there, as the eye sees it. */
export function neighbour(position: Position, key: string): Place | null {
  const places: readonly Position[] = POSITIONS;
  const at = places.indexOf(position);
  const [row, column] = [Math.floor(at / 3), at % 3];
  if (at < 0) return null;
  if (key === 'ArrowLeft' && column > 0) return POSITIONS[at - 1] ?? null;
  if (key === 'ArrowRight' && column < 2) return POSITIONS[at + 1] ?? null;
  if (key === 'ArrowUp' && row > 0) return POSITIONS[at - 3] ?? null;
  if (key === 'ArrowDown' && row < 2) return POSITIONS[at + 3] ?? null;
  return null;
}

interface PickerWords {
  readonly legend: string;
  readonly auto: string;
  readonly tile: string;
}

const WORDS: Words<PickerWords> = {
  en: { legend: 'Place', auto: 'Calmest place', tile: 'Everywhere' },
  fr: { legend: 'Place', auto: 'Endroit calme', tile: 'Partout' },
};
