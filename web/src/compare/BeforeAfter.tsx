import type { CSSProperties, KeyboardEvent } from 'react';
import * as Slider from 'react-compare-slider/components';
import { useReactCompareSlider } from 'react-compare-slider/hooks';
import type { Size } from '../photos/photo';
import { useWords, type Words } from '../words/words';
import { usePan } from './pan';
import type { Zoom } from './view';

interface BeforeAfterProps {
  /** Null where there is none to show: then there is no slider either. */
  readonly before: string | null;
  readonly after: string;
  readonly alts: { readonly before: string; readonly after: string };
  readonly shown: Size;
  readonly frame: Size;
  readonly zoom: Zoom;
  readonly onUnreadable: () => void;
  /** The result cannot be had. */
  readonly onMissing: () => void;
}

/** Both pictures in the same place. At 100 % they are moved together beneath a divider that stays. */
export function BeforeAfter(props: BeforeAfterProps) {
  const { before, after, alts, shown, frame, zoom } = props;
  const words = useWords(WORDS);
  const pan = usePan(shown, frame, zoom === 'actual');
  const picture: CSSProperties = {
    width: shown.width,
    height: shown.height,
    translate: `${pan.offset.x}px ${pan.offset.y}px`,
  };
  const result = (
    <img src={after} alt={alts.after} style={picture} draggable={false} onError={props.onMissing} />
  );
  const box = zoom === 'actual' ? frame : shown;
  return (
    <div
      className="compare-pictures"
      data-zoom={zoom}
      style={{ width: box.width, height: box.height }}
      {...pan.handlers}
      {...(pan.canMove ? { tabIndex: 0, role: 'group', 'aria-label': words.move } : {})}
    >
      {before ? (
        <Divided
          zoom={zoom}
          label={words.divider}
          one={
            <img
              src={before}
              alt={alts.before}
              style={picture}
              draggable={false}
              onError={props.onUnreadable}
            />
          }
          two={result}
        />
      ) : (
        <div className="compare-item">{result}</div>
      )}
      {before && <Tags />}
    </div>
  );
}

function Tags() {
  const words = useWords(WORDS);
  return (
    <div className="compare-tags" aria-hidden="true">
      <span>{words.before}</span>
      <span>{words.after}</span>
    </div>
  );
}

function Divided(props: {
  readonly zoom: Zoom;
  readonly label: string;
  readonly one: React.ReactNode;
  readonly two: React.ReactNode;
}) {
  const moves = props.zoom === 'actual';
  // A drag on the picture moves the picture at 100 %, and the divider elsewhere.
  const slider = useReactCompareSlider(moves ? { onlyHandleDraggable: true } : {});
  const onKeyDown = (event: KeyboardEvent) => {
    const end = { Home: 0, End: 100 }[event.key];
    if (end === undefined) return;
    event.preventDefault();
    slider.setPosition(end);
  };
  return (
    <Slider.Provider {...slider}>
      <Slider.Root className="compare-root" style={moves ? { touchAction: 'none' } : {}}>
        <Slider.Item item="itemOne" className="compare-item">
          {props.one}
        </Slider.Item>
        <Slider.Item item="itemTwo" className="compare-item">
          {props.two}
        </Slider.Item>
        <Slider.HandleRoot aria-label={props.label} onKeyDown={onKeyDown}>
          <div className="compare-handle">
            <div className="compare-knob" />
          </div>
        </Slider.HandleRoot>
      </Slider.Root>
    </Slider.Provider>
  );
}

type Said = Readonly<Record<'before' | 'after' | 'divider' | 'move', string>>;

const WORDS: Words<Said> = {
  en: {
    before: 'Before',
    after: 'After',
    divider: 'How much is shown of the photo before its mark',
    move: 'The pictures at 100 %: the arrow keys move them',
  },
  fr: {
    before: 'Avant',
    after: 'Après',
    divider: 'Part montrée de la photo avant sa marque',
    move: 'Les images à 100 % : les flèches les déplacent',
  },
};
