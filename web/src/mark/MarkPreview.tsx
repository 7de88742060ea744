import { type Figures, useFigures, useWords, type Words } from '../words/words';
import type { Drawn } from './drawing/draw';
import type { Beneath } from './drawing/picture';
import type { Mark } from './mark';
import { PLACE_WORDS } from './place-words';
import type { MarkEditing, PreviewPhoto } from './useMark';
import { type Preview, usePreview } from './usePreview';

/** What the server aims at and what WCAG asks of text; below it the mark is hard to read. */
const CONTRAST_LEGIBLE = 4.5;

/** What holds one picture only; what `auto` becomes the server knows. */
const STILLS: readonly Mark['format'][] = ['jpeg', 'png', 'avif'];

/** The photo with its mark, as the server will make it. The frame keeps its place whatever is in it. */
export function MarkPreview(props: {
  readonly photo: PreviewPhoto | null;
  readonly editing: MarkEditing;
}) {
  const words = useWords(WORDS);
  const places = useWords(PLACE_WORDS);
  const figures = useFigures();
  const preview = usePreview(props.photo, props.editing);
  const { expanded, mark } = props.editing;
  const { canvas, drawn, output, beneath } = preview;
  const says = expanded.text ?? '';
  const position = drawn?.arrangement.position ?? mark.position;
  return (
    <figure className="mark-preview">
      <div className="mark-frame">
        <canvas
          ref={canvas}
          role="img"
          aria-label={
            drawn ? words.shows(says, places[position], lookOf(drawn, words)) : words.blank
          }
        />
      </div>
      <figcaption className="quiet small figures">
        {words.result(output.width, output.height, words.beneath[beneath.kind])}
      </figcaption>
      <ul className="mark-notes">
        {notesOf(preview, props.editing, words, figures).map((note) => (
          <li key={note} className="note warn small">
            {note}
          </li>
        ))}
      </ul>
    </figure>
  );
}

/** How the letters look: light or dark, and how much of them shows. */
function lookOf({ ink }: Drawn, words: PreviewWords): string {
  if (!ink) return '';
  const isLight = ink.halo ? ink.letters[0] === 255 : null;
  return words.ink(isLight, Math.round(ink.opacity * 100));
}

/** Where the preview cannot promise what the server makes, or the mark is not what was asked for. */
function notesOf(
  preview: Preview,
  { mark }: MarkEditing,
  words: PreviewWords,
  figures: Figures,
): string[] {
  const { drawn, missing, hasNoLetters, beneath, isMoving } = preview;
  const contrast = drawn?.contrast ?? null;
  const notes: Array<string | false> = [
    beneath.kind === 'plate' && words.plate,
    isMoving && STILLS.includes(mark.format) && words.still,
    hasNoLetters && words.noLetters,
    missing.length > 0 && words.missing(missing.slice(0, 5).join(' ')),
    drawn?.arrangement.scale.shrunk === true && words.shrunk,
    contrast !== null &&
      contrast < CONTRAST_LEGIBLE &&
      words.faint(figures.contrast(roundedDown(contrast)), figures.contrast(CONTRAST_LEGIBLE)),
    beneath.kind !== 'sample' && mark.text.includes('{exif.') && words.exif,
  ];
  return notes.filter((note) => note !== false);
}

/** To what is shown of it: a contrast that is too low does not read as the one that is needed. */
function roundedDown(contrast: number): number {
  return Math.floor(contrast * 10) / 10;
}

interface PreviewWords {
  readonly blank: string;
  readonly shows: (text: string, place: string, look: string) => string;
  readonly ink: (isLight: boolean | null, percent: number) => string;
  readonly result: (width: number, height: number, beneath: string) => string;
  readonly beneath: Readonly<Record<Beneath['kind'], string>>;
  readonly plate: string;
  readonly still: string;
  readonly noLetters: string;
  readonly missing: (characters: string) => string;
  readonly shrunk: string;
  readonly faint: (contrast: string, needed: string) => string;
  readonly exif: string;
}

const WORDS: Words<PreviewWords> = {
  en: {
    blank: 'Preview without a mark: there is something to correct first.',
    shows: (text, place, look) =>
      `Preview: ${text ? `the mark “${text}”` : 'the logo'}, ${place}${look}.`,
    ink: (isLight, percent) =>
      `, ${isLight === null ? 'in the picked colour' : isLight ? 'light letters with a dark edge' : 'dark letters with a light edge'}, about ${percent} % opaque`,
    result: (width, height, beneath) => `${beneath} · result ${width} × ${height} px`,
    beneath: { photo: 'Your photo', plate: 'Grey plate', sample: 'Sample picture' },
    plate:
      'This browser cannot show this photo. Place and size are true; the server chooses the ink from the photo itself.',
    still: 'This picture moves. The result will be its first frame; only WebP keeps it moving.',
    noLetters:
      'The server’s letters could not be loaded, so there is no preview. Reload the page to try again.',
    missing: (characters) =>
      `${characters} – the server may draw this in other letters than you see, or refuse it.`,
    shrunk: 'The mark is drawn smaller than asked for, because it would not fit.',
    faint: (contrast, needed) =>
      `Hard to read here: contrast about ${contrast}, text needs ${needed}.`,
    exif: 'The preview reads the EXIF of JPEGs only; the server knows other formats and kinds of metadata too.',
  },
  fr: {
    blank: 'Aperçu sans filigrane\u00a0: il y a d’abord quelque chose à corriger.',
    shows: (text, place, look) =>
      `Aperçu\u00a0: ${text ? `le filigrane «\u00a0${text}\u00a0»` : 'le logo'}, ${place}${look}.`,
    ink: (isLight, percent) =>
      `, ${isLight === null ? 'dans la couleur choisie' : isLight ? 'lettres claires au contour sombre' : 'lettres sombres au contour clair'}, opaque à ${percent}\u00a0% environ`,
    result: (width, height, beneath) => `${beneath} · résultat ${width} × ${height} px`,
    beneath: { photo: 'Votre photo', plate: 'Fond gris', sample: 'Image d’exemple' },
    plate:
      'Ce navigateur ne sait pas montrer cette photo. La place et la taille sont justes\u202f; le serveur choisit l’encre d’après la photo même.',
    still:
      'Cette image est animée. Le résultat n’en sera que la première vue\u202f; seul le WebP garde le mouvement.',
    noLetters:
      'Les lettres du serveur n’ont pas pu être chargées\u00a0: il n’y a pas d’aperçu. Rechargez la page pour réessayer.',
    missing: (characters) =>
      `${characters} – le serveur peut dessiner cela avec d’autres lettres que celles-ci, ou le refuser.`,
    shrunk: 'Le filigrane est plus petit que demandé\u00a0: il ne tiendrait pas.',
    faint: (contrast, needed) =>
      `Difficile à lire ici\u00a0: contraste d’environ ${contrast}, un texte demande ${needed}.`,
    exif: 'L’aperçu ne lit que l’EXIF des JPEG\u202f; le serveur connaît aussi d’autres formats et métadonnées.',
  },
};
