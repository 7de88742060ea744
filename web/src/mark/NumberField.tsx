import { useId } from 'react';
import type { Problem } from './checks';
import { ProblemNote } from './ProblemNote';
import type { Range } from './ranges';

interface Props {
  readonly label: string;
  readonly unit: string;
  readonly value: number;
  readonly range: Range;
  /** What the slider reaches, where all of the range would make it too coarse, and its step. */
  readonly slider?: Range;
  readonly problem?: Problem | undefined;
  readonly onChange: (value: number) => void;
}

/** A number by hand or by a slider. */
export function NumberField({ label, unit, value, range, slider, problem, onChange }: Props) {
  const id = useId();
  const reach = slider ?? range;
  return (
    <div className="field mark-number">
      <label htmlFor={id}>{label}</label>
      <div className="mark-number-row">
        <input
          type="range"
          aria-label={label}
          min={reach.min}
          max={reach.max}
          step={reach.step}
          value={Number.isFinite(value) ? value : reach.min}
          onChange={(event) => onChange(event.target.valueAsNumber)}
        />
        <NumberInput {...{ id, value, range, problem, onChange }} />
        <span className="quiet small">{unit}</span>
      </div>
      <ProblemNote id={`${id}-problem`} problem={problem} />
    </div>
  );
}

interface InputProps extends Pick<Props, 'value' | 'range' | 'problem' | 'onChange'> {
  readonly id: string;
}

/** What is typed stays as it is typed, be it right or wrong; an empty field is no number. */
export function NumberInput({ id, value, range, problem, onChange }: InputProps) {
  return (
    <input
      id={id}
      className="input figures"
      type="number"
      inputMode="decimal"
      min={range.min}
      max={range.max}
      step={range.step === 1 ? 1 : 'any'}
      value={Number.isFinite(value) ? value : ''}
      aria-invalid={problem !== undefined}
      aria-describedby={`${id}-problem`}
      onChange={(event) => onChange(event.target.valueAsNumber)}
    />
  );
}
