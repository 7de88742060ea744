import { useEffect, useEffectEvent, useState } from 'react';
import { useDropzone } from 'react-dropzone';
import type { Limits } from '../api/types';
import { PHOTOS_MAX } from '../photos/board';
import { Button } from '../ui/controls';
import { Icon, type IconName } from '../ui/icons';
import { FORMAT_NAMES } from '../words/formats';
import { type Figures, useFigures, useWords, type Words } from '../words/words';
import './drop-area.css';

interface DropProps {
  readonly onFiles: (files: readonly File[]) => void;
  readonly limits: Limits | null;
  /** The page holds as many photos as it can. */
  readonly full: boolean;
  /** Nothing is there yet: it explains the page. */
  readonly large: boolean;
}

/** What a file dialog shows first. What is refused is said by the page: a dialog only hides it. */
const SHOWN = 'image/*,.avif,.jxl,.tif,.tiff';

/** Takes photos in: dropped anywhere on the page, folders too, chosen in a dialog, or pasted. */
export function DropArea({ onFiles, limits, full, large }: DropProps) {
  const words = useWords(WORDS);
  const { getRootProps, getInputProps, isDragGlobal, open } = useDropzone({
    onDrop: (files) => onFiles(files),
    disabled: full,
    noClick: true,
    noKeyboard: true,
    noPaste: true,
  });
  usePaste(onFiles, full);
  const carriesFiles = useCarriesFiles();
  return (
    <div {...getRootProps()}>
      <input {...getInputProps({ accept: SHOWN, 'aria-label': words.choose })} />
      <div className="drop-area" data-large={large}>
        {large && <Explanation />}
        <div className="drop-area-how">
          <Button look={large ? 'primary' : 'plain'} icon="add" onClick={open} disabled={full}>
            {words.choose}
          </Button>
          <p className="drop-area-or quiet" data-full={full}>
            {full ? words.full : large ? words.orDrop : words.orShort}
          </p>
        </div>
        <Rules limits={limits} />
      </div>
      {isDragGlobal && carriesFiles && !full && <Catch />}
    </div>
  );
}

/** Lies over the whole page while files are dragged over it, so that they can be dropped anywhere. */
function Catch() {
  const words = useWords(WORDS);
  return (
    <div className="drop-area-catch">
      <p>
        <Icon name="photo" />
        {words.drop}
      </p>
    </div>
  );
}

/** The product in ten seconds. */
function Explanation() {
  const words = useWords(WORDS);
  return (
    <ol className="drop-area-explanation">
      {words.steps.map(([title, text], index) => (
        <li key={title}>
          <span className="drop-area-sign">
            <Icon name={ICONS[index] ?? 'photo'} />
          </span>
          <h2>{title}</h2>
          <p className="small quiet">{text}</p>
        </li>
      ))}
    </ol>
  );
}

const ICONS: readonly IconName[] = ['photo', 'play', 'compare'];

/** What is taken. The line is there before the limits are known, so that nothing moves. */
function Rules({ limits }: { readonly limits: Limits | null }) {
  const words = useWords(WORDS);
  const figures = useFigures();
  return (
    <p className="drop-area-rules small quiet">
      {FORMAT_NAMES.join(' · ')}
      <br />
      {limits ? words.limits(limits, figures) : '\u00a0'}
    </p>
  );
}

/** Pasted photos are taken wherever the focus is; pasted text stays where it was meant for. */
function usePaste(onFiles: DropProps['onFiles'], full: boolean) {
  const onPaste = useEffectEvent((event: ClipboardEvent) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (full || files.length === 0) return;
    event.preventDefault();
    onFiles(files);
  });
  useEffect(() => {
    document.addEventListener('paste', onPaste);
    return () => document.removeEventListener('paste', onPaste);
  }, []);
}

/** Whether what was dragged over the page last are files, and not a text or a link. */
function useCarriesFiles(): boolean {
  const [carries, setCarries] = useState(false);
  useEffect(() => {
    const look = ({ dataTransfer }: DragEvent) =>
      setCarries(dataTransfer?.types.includes('Files') ?? false);
    document.addEventListener('dragenter', look);
    return () => document.removeEventListener('dragenter', look);
  }, []);
  return carries;
}

interface Said {
  readonly choose: string;
  readonly orDrop: string;
  readonly orShort: string;
  readonly full: string;
  readonly drop: string;
  readonly steps: ReadonlyArray<readonly [title: string, text: string]>;
  readonly limits: (limits: Limits, figures: Figures) => string;
}

const SHOWN_BYTES = 1e5;

/** Rounded down as it is shown: a file of the size that is named is taken. */
function shownLimit(bytes: number): number {
  return Math.floor(bytes / SHOWN_BYTES) * SHOWN_BYTES;
}

const WORDS: Words<Said> = {
  en: {
    choose: 'Choose photos',
    orDrop: 'or drop them anywhere on this page, or paste them',
    orShort: 'or drop or paste them',
    full: `The page holds ${PHOTOS_MAX} photos. Remove some to add others.`,
    drop: 'Drop your photos or folders anywhere',
    steps: [
      ['Drop', 'Your photos get your mark: a text, a logo, where you want it.'],
      ['Watch', 'See each of them travel through a fleet of workers, step by step, live.'],
      ['Compare', 'Slide between before and after, then download one or all.'],
    ],
    limits: (limits, figures) =>
      `Up to ${figures.count(PHOTOS_MAX)} photos, ${figures.bytes(shownLimit(limits.imageBytesMax))} and ${figures.megapixels(limits.pixelsMax)} each`,
  },
  fr: {
    choose: 'Choisir des photos',
    orDrop: 'ou déposez-les n’importe où sur la page, ou collez-les',
    orShort: 'ou déposez-les, collez-les',
    full: `La page contient ${PHOTOS_MAX} photos. Retirez-en pour en ajouter d’autres.`,
    drop: 'Déposez vos photos ou dossiers n’importe où',
    steps: [
      ['Déposez', 'Vos photos reçoivent votre marque : un texte, un logo, là où vous voulez.'],
      ['Suivez', 'Voyez chacune traverser une flotte d’ouvriers, étape par étape, en direct.'],
      ['Comparez', 'Glissez entre l’avant et l’après, puis téléchargez une photo ou toutes.'],
    ],
    limits: (limits, figures) =>
      `Jusqu’à ${figures.count(PHOTOS_MAX)} photos, ${figures.bytes(shownLimit(limits.imageBytesMax))} et ${figures.megapixels(limits.pixelsMax)} chacune`,
  },
};
