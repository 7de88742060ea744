import { memo } from 'react';
import type { Board } from '../photos/board';
import { isDone, type Photo } from '../photos/photo';
import { Icon } from '../ui/icons';
import { formatName } from '../words/formats';
import { useFigures, useWords, type Words } from '../words/words';
import { CardActions } from './CardActions';
import { CardStage } from './CardStage';
import './photo-card.css';

interface CardProps {
  readonly photo: Photo;
  readonly board: Board;
  readonly paused: boolean;
  readonly onCompare: (id: string) => void;
  readonly onRetry: (id: string) => void;
}

/** One photo, from the drop to the download. Drawn again only when it changes: a hundred of them stay fluid. */
export const PhotoCard = memo(function PhotoCard(props: CardProps) {
  const { photo } = props;
  return (
    <li className="photo-card card" data-at={photo.stage.at}>
      <Thumbnail {...props} />
      <div className="photo-card-head">
        <p className="photo-card-name" title={photo.filename}>
          {photo.filename}
        </p>
        <Measures photo={photo} />
      </div>
      <CardActions {...props} />
      <div className="photo-card-stage">
        <CardStage photo={photo} paused={props.paused} />
      </div>
    </li>
  );
});

/** A shortcut for the pointer; the button that says the same is among the actions. */
function Thumbnail({ photo, onCompare }: CardProps) {
  const image = photo.thumbnailUrl ? (
    <img src={photo.thumbnailUrl} alt="" loading="lazy" decoding="async" />
  ) : (
    <Icon name="photo" />
  );
  if (!isDone(photo)) return <div className="photo-card-thumbnail">{image}</div>;
  return (
    <button
      type="button"
      className="photo-card-thumbnail"
      tabIndex={-1}
      aria-hidden="true"
      onClick={() => onCompare(photo.id)}
    >
      {image}
    </button>
  );
}

function Measures({ photo }: { readonly photo: Photo }) {
  const words = useWords(WORDS);
  const figures = useFigures();
  const { size, stage, sizeBytes } = photo;
  const job = stage.at === 'accepted' ? stage.job : undefined;
  const picture = isDone(photo) ? job?.state.picture : undefined;
  const total = job?.cached ? undefined : job?.state.timings.total;
  return (
    <p className="photo-card-measures small quiet figures">
      <span>{figures.bytes(sizeBytes)}</span>
      {size && <span>{`${size.width} × ${size.height}`}</span>}
      {picture && (
        <span className="photo-card-result">
          <Icon name="check" />
          {words.became(formatName(picture.format), figures.bytes(picture.sizeBytes))}
        </span>
      )}
      {total !== undefined && <strong>{words.within(figures.duration(total))}</strong>}
    </p>
  );
}

interface Said {
  readonly became: (format: string, size: string) => string;
  readonly within: (duration: string) => string;
}

const WORDS: Words<Said> = {
  en: {
    became: (format, size) => `${format}, ${size}`,
    within: (duration) => `in ${duration}`,
  },
  fr: {
    became: (format, size) => `${format}, ${size}`,
    within: (duration) => `en ${duration}`,
  },
};
