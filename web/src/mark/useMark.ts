import { useEffect, useMemo, useState } from 'react';
import type { Limits } from '../api/types';
import type { Size } from '../photos/photo';
import { type Expanded, expandedText, type Problem, type Problems, problemsOf } from './checks';
import { fields } from './fields';
import { type Logo, readLogo, releaseLogo } from './logo';
import { MARK_DEFAULT, type Mark, type Order } from './mark';
import { rememberedMark, rememberMark } from './remembered';
import { type ExifTexts, NO_EXIF, readExif } from './text/exif';
import type { Context } from './text/variables';

/** The photo that the preview shows. */
export interface PreviewPhoto {
  readonly file: File;
  /** Upright; null before it was read, and where this browser cannot read it. */
  readonly size: Size | null;
}

/** A mark that is being edited, and what becomes of it. */
export interface MarkEditing {
  readonly mark: Mark;
  readonly change: (part: Partial<Mark>) => void;
  readonly reset: () => void;
  readonly logo: Logo | null;
  readonly chooseLogo: (file: File | null) => void;
  /** The text with its variables replaced, for the photo that is shown. */
  readonly expanded: Expanded;
  /** What the server would refuse; empty where the upload may start. */
  readonly problems: Problems;
  /** What is sent beside the photos. */
  readonly order: Order;
}

/** Keeps the mark, its logo and the order that they make. A logo is kept as long as the page is open, and no longer. */
export function useMark(photo: PreviewPhoto | null, limits: Limits | null): MarkEditing {
  const [mark, setMark] = useState(rememberedMark);
  const { logo, problem: logoProblem, chooseLogo } = useLogo(limits);
  const context = useContextOf(photo);
  useEffect(() => rememberMark(mark), [mark]);
  return useMemo(() => {
    const expanded = expandedText(mark, context, logo !== null, limits);
    const hasText = mark.text !== '' || logo === null;
    return {
      mark,
      change: (part) => setMark((before) => ({ ...before, ...part })),
      reset: () => setMark(MARK_DEFAULT),
      logo,
      chooseLogo,
      expanded,
      problems: {
        ...problemsOf(mark, hasText, logo !== null),
        ...(expanded.problem && { text: expanded.problem }),
        ...(logoProblem && { logo: logoProblem }),
      },
      order: { fields: fields(mark, logo !== null), logo: logo?.file ?? null },
    };
  }, [mark, logo, logoProblem, chooseLogo, context, limits]);
}

type ReadLogo = { readonly logo: Logo | null; readonly problem: Problem | null };

const NO_LOGO: ReadLogo = { logo: null, problem: null };

function useLogo(limits: Limits | null) {
  const [file, chooseLogo] = useState<File | null>(null);
  const [read, setRead] = useState(NO_LOGO);
  useEffect(() => {
    if (!file) return setRead(NO_LOGO);
    let isCurrent = true;
    // A file that is gone by now cannot be read.
    const reading = readLogo(file, limits).catch((): Problem => ({ why: 'logo-broken' }));
    void reading.then((read) => {
      if (isCurrent)
        setRead('why' in read ? { logo: null, problem: read } : { logo: read, problem: null });
      else if (!('why' in read)) releaseLogo(read);
    });
    return () => {
      isCurrent = false;
    };
  }, [file, limits]);
  useEffect(() => () => void (read.logo && releaseLogo(read.logo)), [read.logo]);
  return { ...read, chooseLogo };
}

/** Before there is a photo, its variables stand for something that looks like one. */
const SAMPLE: Omit<Context, 'now'> = {
  filename: 'photo.jpg',
  size: { width: 3000, height: 2000 },
  exif: { date: '2026-06-21', artist: 'Ada Lovelace', copyright: '© Ada Lovelace' },
};

function useContextOf(photo: PreviewPhoto | null): Context {
  const [exif, setExif] = useState<{ readonly of: File; readonly texts: ExifTexts } | null>(null);
  const file = photo?.file ?? null;
  useEffect(() => {
    if (!file) return;
    let isCurrent = true;
    const take = (texts: ExifTexts) => isCurrent && setExif({ of: file, texts });
    readExif(file).then(take, () => take(NO_EXIF));
    return () => {
      isCurrent = false;
    };
  }, [file]);
  const size = photo?.size ?? null;
  return useMemo(() => {
    const now = new Date();
    if (!file) return { now, ...SAMPLE };
    const texts = exif?.of === file ? exif.texts : NO_EXIF;
    return { now, filename: file.name, size, exif: texts };
  }, [file, size, exif]);
}
