import { useEffect, useRef, useState } from 'react';
import type { Photo } from '../photos/photo';
import { useWords, type Words } from '../words/words';
import { endingsOf, type News, NO_NEWS, newsSince } from './news';

/** Long enough to gather what ends together, short enough to still be news. */
const GATHER_MS = 1200;

/** Speaks when photos end, and of nothing else: one region that waits for a pause, and one that does not for failures. */
export function Announcer({ photos }: { readonly photos: readonly Photo[] }) {
  const words = useWords(WORDS);
  const news = useNews(photos);
  return (
    <div className="visually-hidden">
      <p role="status">{news.done.length > 0 && words.done(news.done)}</p>
      <p role="alert">{news.failed.length > 0 && words.failed(news.failed)}</p>
    </div>
  );
}

/** What has ended of late. What was there when the page was loaded is no news. */
function useNews(photos: readonly Photo[]): News {
  const [spoken, setSpoken] = useState(NO_NEWS);
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
      setSpoken(gathered.current);
      gathered.current = NO_NEWS;
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
