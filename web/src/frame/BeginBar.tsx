import type { Problems } from '../mark/checks';
import type { Photo } from '../photos/photo';
import { Button } from '../ui/controls';
import { useWords, type Words } from '../words/words';
import './begin-bar.css';

/** The one button that matters, in sight wherever one has scrolled to, for as long as photos wait for it. */
export function BeginBar(props: {
  readonly photos: readonly Photo[];
  readonly problems: Problems;
  readonly onBegin: () => void;
}) {
  const words = useWords(WORDS);
  const count = props.photos.filter(({ stage }) => stage.at === 'chosen').length;
  const isWrong = Object.keys(props.problems).length > 0;
  if (count === 0) return null;
  return (
    <div className="begin-bar">
      {isWrong && <p className="small">{words.wrong}</p>}
      <Button look="primary" disabled={isWrong} onClick={props.onBegin}>
        {words.begin(count)}
      </Button>
    </div>
  );
}

const WORDS: Words<{ readonly begin: (count: number) => string; readonly wrong: string }> = {
  en: {
    begin: (count) => (count === 1 ? 'Watermark 1 photo' : `Watermark ${count} photos`),
    wrong: 'Something about the mark must be corrected first.',
  },
  fr: {
    begin: (count) => (count < 2 ? `Marquer ${count} photo` : `Marquer ${count} photos`),
    wrong: 'Quelque chose dans le filigrane est d’abord à corriger.',
  },
};
