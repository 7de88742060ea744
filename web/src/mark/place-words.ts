import type { Words } from '../words/words';
import type { Position } from './mark';

/** Where a mark stands. */
export const PLACE_WORDS: Words<Readonly<Record<Position, string>>> = {
  en: {
    'top-left': 'top left',
    top: 'top',
    'top-right': 'top right',
    left: 'left',
    center: 'centre',
    right: 'right',
    'bottom-left': 'bottom left',
    bottom: 'bottom',
    'bottom-right': 'bottom right',
    auto: 'calmest place',
    tile: 'everywhere',
  },
  fr: {
    'top-left': 'en haut à gauche',
    top: 'en haut',
    'top-right': 'en haut à droite',
    left: 'à gauche',
    center: 'au centre',
    right: 'à droite',
    'bottom-left': 'en bas à gauche',
    bottom: 'en bas',
    'bottom-right': 'en bas à droite',
    auto: 'à l’endroit le plus calme',
    tile: 'partout',
  },
};
