import { useEffect, useRef, useState } from 'react';
import type { Photo } from '../photos/photo';
import { useWords, type Words } from '../words/words';
import { endingsOf, type News, NO_NEWS, newsSince } from './news';

/** Long enough to gather what ends together, short enough to still be news. */
const GATHER_MS = 1200;

/** Speaks when photos end, and of nothing else: one region that waits for a pause, and one that does not for failures. */
export function Announcer({ photos }: { readonly photos: readonly Photo[] }) {
  const words = useWords(WORDS);
  const { news, round } = useNews(photos);
  return (
    <div className="visually-hidden">
      {/* Keyed, so that the same sentence is spoken a second time when it comes true a second time. */}
      <p role="status">
        <span key={round}>{news.done.length > 0 && words.done(news.done)}</span>
      </p>
      <p role="alert">
        <span key={round}>{news.failed.length > 0 && words.failed(news.failed)}</span>
      </p>
    </div>
  );
}

/** What has ended of late. What was there when the page was loaded is no news. */
function useNews(photos: readonly Photo[]): { readonly news: News; readonly round: number } {
  const [spoken, setSpoken] = useState({ news: NO_NEWS, round: 0 });
  const known = useRef(endingsOf(photos));
  const gathered = useRef(NO_NEWS);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    const news = newsSince(known.current, photos, gathered.current);
    known.current = endingsOf(photos);
    if (news === gathered.current) return;
    gathered.current = news;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      const news = gathered.current;
      gathered.current = NO_NEWS;
      setSpoken(({ round }) => ({ news, round: round + 1 }));
    }, GATHER_MS);
  }, [photos]);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );
  return spoken;
}

interface Said {
  readonly done: (filenames: readonly string[]) => string;
  readonly failed: (filenames: readonly string[]) => string;
}

const WORDS: Words<Said> = {
  en: {
    done: ([first, ...others]) =>
      others.length === 0 ? `${first} is done.` : `${others.length + 1} photos are done.`,
    failed: ([first, ...others]) =>
      others.length === 0 ? `${first} failed.` : `${others.length + 1} photos failed.`,
  },
  fr: {
    done: ([first, ...others]) =>
      others.length === 0 ? `${first} est prête.` : `${others.length + 1} photos sont prêtes.`,
    failed: ([first, ...others]) =>
      others.length === 0
        ? `${first} n’a pas pu être traitée.`
        : `${others.length + 1} photos n’ont pas pu être traitées.`,
  },
};
