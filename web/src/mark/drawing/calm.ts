import type { Place } from '../mark';
import { edgeEnergy, type Ground } from './ground';
import type { Region } from './rectangle';

/** The nine places as they are preferred among equally calm ones (`PREFERRED` in `engine/src/watermark/calm.rs`). */
const PREFERRED: readonly Place[] = [
  'bottom-right',
  'bottom-left',
  'top-right',
  'top-left',
  'bottom',
  'top',
  'right',
  'left',
  'center',
];

/** Where the picture is calmest: where a mark hides least and is read best. */
export function calmest(ground: Ground, regionOf: (place: Place) => Region): Place {
  const energies = PREFERRED.map((place) => edgeEnergy(ground, regionOf(place)));
  const least = Math.min(...energies);
  return PREFERRED[energies.indexOf(least)] ?? 'bottom-right';
}
