import type { ReactNode } from 'react';
import type { Picture, Written } from '../api/types';
import type { Photo } from '../photos/photo';
import { formatName } from '../words/formats';
import { type Figures, useFigures, useWords, type Words } from '../words/words';

/** What became of the photo, in figures. */
export function Facts({ photo }: { readonly photo: Photo }) {
  const words = useWords(WORDS);
  const figures = useFigures();
  if (photo.stage.at !== 'accepted') return null;
  const { picture, timings } = photo.stage.job.state;
  if (!picture) return null;
  return (
    <dl className="compare-facts figures">
      <Fact name={words.size}>
        {figures.bytes(photo.sizeBytes)} → {figures.bytes(picture.sizeBytes)}{' '}
        <strong data-larger={picture.sizeBytes > photo.sizeBytes}>
          {words.saved(photo.sizeBytes, picture.sizeBytes, figures)}
        </strong>
      </Fact>
      <Fact name={words.format}>{formats(photo, picture)}</Fact>
      <Fact name={words.pixels}>{dimensions(photo, picture)}</Fact>
      {picture.written && <Fact name={words.written}>{words.ways(picture.written)}</Fact>}
      {picture.contrast !== undefined && (
        <Fact name={words.contrast}>
          <span title={words.contrastMeans}>{figures.contrast(picture.contrast)}</span>
        </Fact>
      )}
      {timings.total !== undefined && (
        <Fact name={words.time}>{figures.duration(timings.total)}</Fact>
      )}
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt className="small quiet">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function formats({ mediaType }: Photo, { format }: Picture): string {
  const before = formatName(mediaType);
  const after = formatName(format);
  return before && before !== after ? `${before} → ${after}` : after;
}

function dimensions({ size }: Photo, picture: Picture): string {
  const after = `${picture.width} × ${picture.height}`;
  if (!size || (size.width === picture.width && size.height === picture.height)) return after;
  return `${size.width} × ${size.height} → ${after}`;
}

interface Said {
  readonly size: string;
  readonly saved: (before: number, after: number, figures: Figures) => string;
  readonly format: string;
  readonly pixels: string;
  readonly written: string;
  readonly ways: (written: Written) => string;
  readonly contrast: string;
  readonly contrastMeans: string;
  readonly time: string;
}

/** Which of two sentences, with how much. */
function change(before: number, after: number, figures: Figures) {
  const share = before > 0 ? Math.abs(before - after) / before : 0;
  return { isLarger: after > before, percent: figures.percent(share) };
}

const WORDS: Words<Said> = {
  en: {
    size: 'Size',
    saved: (before, after, figures) => {
      const { isLarger, percent } = change(before, after, figures);
      return isLarger ? `larger by ${percent}` : `${percent} saved`;
    },
    format: 'Format',
    pixels: 'Pixels',
    written: 'Written',
    ways: (written) => {
      if (typeof written === 'object') return `at quality ${written.quality}`;
      return {
        lossless: 'without any loss',
        as_source: 'as finely as the original',
        spliced: 'anew only beneath the mark',
      }[written];
    },
    contrast: 'Mark’s contrast',
    contrastMeans: 'WCAG contrast that 95 % of the mark’s edge reach; 3 : 1 can be read well',
    time: 'Time in all',
  },
  fr: {
    size: 'Poids',
    saved: (before, after, figures) => {
      const { isLarger, percent } = change(before, after, figures);
      return isLarger ? `${percent} de plus` : `${percent} de moins`;
    },
    format: 'Format',
    pixels: 'Pixels',
    written: 'Écriture',
    ways: (written) => {
      if (typeof written === 'object') return `qualité ${written.quality}`;
      return {
        lossless: 'sans aucune perte',
        as_source: 'aussi fine que l’original',
        spliced: 'refaite seulement sous la marque',
      }[written];
    },
    contrast: 'Contraste',
    contrastMeans: 'Contraste WCAG atteint par 95 % du contour de la marque ; 3 : 1 se lit bien',
    time: 'Temps total',
  },
};
