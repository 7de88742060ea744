import type { MouseEvent } from 'react';
import type { Board } from '../photos/board';
import { isDone, type Photo } from '../photos/photo';
import { isCancellable, isRetriable } from '../photos/stages';
import { IconButton } from '../ui/controls';
import { Icon } from '../ui/icons';
import { useWords, type Words } from '../words/words';
import { DownloadLink } from './DownloadLink';

/** What can be done with a photo now. Each button says to which one. */
export function CardActions(props: {
  readonly photo: Photo;
  readonly board: Board;
  readonly onCompare: (id: string) => void;
  readonly onRetry: (id: string) => void;
}) {
  const words = useWords(WORDS);
  const { photo, board } = props;
  const { id, filename } = photo;
  // The second half of a double click on the button that stood here, which cancelled, is not meant.
  const remove = ({ detail: clicks }: MouseEvent) => clicks < 2 && board.remove(id);
  return (
    <div className="photo-card-actions">
      {isDone(photo) && (
        <IconButton
          icon="compare"
          label={words.compare(filename)}
          onClick={() => props.onCompare(id)}
        />
      )}
      <DownloadLink
        photo={photo}
        onMissing={() => board.recheck()}
        className="button bare icon"
        aria-label={words.download(filename)}
        title={words.download(filename)}
      >
        <Icon name="download" />
      </DownloadLink>
      {isRetriable(photo) && (
        <IconButton icon="retry" label={words.retry(filename)} onClick={() => props.onRetry(id)} />
      )}
      {isCancellable(photo) ? (
        <IconButton icon="cancel" label={words.cancel(filename)} onClick={() => board.cancel(id)} />
      ) : (
        <IconButton icon="remove" label={words.remove(filename)} onClick={remove} />
      )}
    </div>
  );
}

type Said = Readonly<
  Record<'compare' | 'download' | 'retry' | 'cancel' | 'remove', (filename: string) => string>
>;

const WORDS: Words<Said> = {
  en: {
    compare: (filename) => `Compare ${filename} before and after`,
    download: (filename) => `Download ${filename}`,
    retry: (filename) => `Send ${filename} again`,
    cancel: (filename) => `Cancel ${filename}`,
    remove: (filename) => `Remove ${filename} from the page`,
  },
  fr: {
    compare: (filename) => `Comparer ${filename} avant et après`,
    download: (filename) => `Télécharger ${filename}`,
    retry: (filename) => `Renvoyer ${filename}`,
    cancel: (filename) => `Annuler ${filename}`,
    remove: (filename) => `Retirer ${filename} de la page`,
  },
};
