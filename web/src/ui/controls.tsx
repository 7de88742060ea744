import { type ButtonHTMLAttributes, type ReactNode, useId } from 'react';
import './controls.css';
import { Icon, type IconName } from './icons';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: 'plain' | 'primary' | 'bare';
  readonly icon?: IconName;
}

export function Button({ look = 'plain', icon, children, ...rest }: ButtonProps) {
  return (
    <button type="button" {...rest} className={`button ${look} ${rest.className ?? ''}`}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly icon: IconName;
  /** What it does, and to what: read aloud, and shown as a hint. */
  readonly label: string;
}

export function IconButton({ icon, label, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={`button bare icon ${rest.className ?? ''}`}
      aria-label={label}
      title={label}
    >
      <Icon name={icon} />
    </button>
  );
}

/** A label with its control, and what is to be said of it. The control gets the ids. */
export function Field(props: {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly children: (ids: { id: string; hintId: string | undefined }) => ReactNode;
}) {
  const id = useId();
  const hintId = props.hint ? `${id}-hint` : undefined;
  return (
    <div className="field">
      <label htmlFor={id}>{props.label}</label>
      {props.children({ id, hintId })}
      {props.hint && (
        <p id={hintId} className="small quiet">
          {props.hint}
        </p>
      )}
    </div>
  );
}

export interface Choice<V> {
  readonly value: V;
  readonly label: ReactNode;
  /** Where the label is a picture. */
  readonly spoken?: string;
}

/** One of a few, all in sight: a group of radio buttons. */
export function Segments<V extends string>(props: {
  readonly legend: ReactNode;
  readonly choices: readonly Choice<V>[];
  readonly value: V;
  readonly onChange: (value: V) => void;
  readonly className?: string;
}) {
  const name = useId();
  return (
    <fieldset className="field">
      <legend>{props.legend}</legend>
      <div className={`segments ${props.className ?? ''}`}>
        {props.choices.map(({ value, label, spoken }) => (
          <label key={value} className="segment" title={spoken}>
            <input
              type="radio"
              name={name}
              value={value}
              checked={value === props.value}
              onChange={() => props.onChange(value)}
              aria-label={spoken}
            />
            <span>{label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** How much of a whole, 0 to 1. */
export function Meter({ share, label }: { readonly share: number; readonly label: string }) {
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 100);
  return (
    <div
      className="meter"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      <div style={{ width: `${percent}%` }} />
    </div>
  );
}
