import { isDone, type Photo } from '../photos/photo';
import { type Ending, endingOf } from '../photos/stages';

/** The list in figures. */
export interface Tally {
  /** Without those that the page refused: nobody waits for them. */
  readonly photos: number;
  readonly done: number;
  /** Refused by the page, before anything was sent. */
  readonly refused: number;
  /** Refused by the server, failed, dead or unknown to it. */
  readonly failed: number;
  /** Started and not ended: what a pause is about. */
  readonly underWay: number;
  /** Ended in any way: what can be taken off the page. */
  readonly ended: number;
  readonly beforeBytes: number;
  readonly afterBytes: number;
}

export function tallyOf(photos: readonly Photo[]): Tally {
  const endings = photos.map(endingOf);
  const count = (ending: Ending) => endings.filter((one) => one === ending).length;
  const refused = photos.filter(({ stage }) => stage.at === 'refused').length;
  const waiting = photos.filter(({ stage }) => stage.at === 'chosen').length;
  const ended = endings.filter((ending) => ending !== null).length;
  const pairs = photos.flatMap(pairOf);
  return {
    photos: photos.length - refused,
    refused,
    done: count('done'),
    failed: count('failed') - refused,
    ended,
    underWay: photos.length - ended - waiting,
    beforeBytes: sum(pairs.map(([before]) => before)),
    afterBytes: sum(pairs.map(([, after]) => after)),
  };
}

/** Bytes before and after, of a photo that has both. */
function pairOf(photo: Photo): ReadonlyArray<readonly [number, number]> {
  const { sizeBytes, stage } = photo;
  const picture = stage.at === 'accepted' && isDone(photo) ? stage.job.state.picture : undefined;
  return picture ? [[sizeBytes, picture.sizeBytes]] : [];
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
