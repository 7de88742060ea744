import { useState } from 'react';
import { resultOf } from '../list/results';
import type { Photo } from '../photos/photo';
import { useWords, type Words } from '../words/words';
import { BeforeAfter } from './BeforeAfter';
import { useFrame } from './frame';
import { useResultUrl } from './useResultUrl';
import { actualSize, fittedSize, type Zoom } from './view';

interface CompareFrameProps {
  readonly photo: Photo;
  readonly zoom: Zoom;
  /** The result cannot be had. */
  readonly onMissing: () => void;
}

/** The pictures in their frame: both under a slider, or the result alone where there is nothing to compare it with. */
export function CompareFrame({ photo, zoom, onMissing }: CompareFrameProps) {
  const words = useWords(WORDS);
  const frame = useFrame();
  const [unreadable, setUnreadable] = useState(false);
  // By its address: one that was renewed is looked for anew.
  const [missed, setMissed] = useState<string | null>(null);
  const result = resultOf(photo);
  const miss = () => {
    setMissed(result?.url ?? null);
    onMissing();
  };
  const shownUrl = useResultUrl(result, miss);
  if (!result) return null;
  const { url, picture } = result;
  const missing = missed === url;
  const actual = actualSize(picture, window.devicePixelRatio);
  const shown = zoom === 'actual' ? actual : fittedSize(actual, frame.size);
  const before = unreadable ? null : photo.originalUrl;
  const alts = { before: words.beforeOf(photo.filename), after: words.afterOf(photo.filename) };
  return (
    <div ref={frame.ref} className="compare-frame">
      {frame.size.width > 0 && shownUrl !== null && (
        <BeforeAfter
          before={before}
          after={shownUrl}
          alts={alts}
          shown={shown}
          frame={frame.size}
          zoom={zoom}
          onUnreadable={() => setUnreadable(true)}
          onMissing={miss}
        />
      )}
      {missing && <p className="compare-alone small">{words.missing}</p>}
      {!before && !missing && <p className="compare-alone small">{words.alone}</p>}
    </div>
  );
}

interface Said {
  readonly beforeOf: (filename: string) => string;
  readonly afterOf: (filename: string) => string;
  readonly alone: string;
  readonly missing: string;
}

const WORDS: Words<Said> = {
  en: {
    beforeOf: (filename) => `${filename} before`,
    afterOf: (filename) => `${filename} after, with its mark`,
    alone:
      'Only the result: the page does not have the original any more, or this browser cannot show its format.',
    missing: 'The result could not be fetched. Is the server away? Close this and try again.',
  },
  fr: {
    beforeOf: (filename) => `${filename} avant`,
    afterOf: (filename) => `${filename} après, avec sa marque`,
    alone:
      'Le résultat seul : la page n’a plus l’original, ou ce navigateur ne sait pas afficher son format.',
    missing:
      'Le résultat n’a pas pu être lu. Le serveur est-il absent ? Fermez cette vue et réessayez.',
  },
};
