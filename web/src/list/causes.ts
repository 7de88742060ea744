import { PAGE_PROBLEMS } from '../api/server';
import type { Failure, Problem } from '../api/types';
import type { Photo, Refusal } from '../photos/photo';

/** What is wrong, as a user sees it: several words of the server's may come down to the same. */
export type Cause =
  | 'notImage'
  | 'formatNotRead'
  | 'empty'
  | 'tooManyBytes'
  | 'tooManyPixels'
  | 'sideTooLong'
  | 'memory'
  | 'animation'
  | 'tooManyPhotos'
  | 'broken'
  | 'glyph'
  | 'font'
  | 'logoFormat'
  | 'logoSize'
  | 'logoBroken'
  | 'noMark'
  | 'field'
  | 'notEncodable'
  | 'resultSize'
  | 'disagreement'
  | 'originalGone'
  | 'crash'
  | 'slowWork'
  | 'cpu'
  | 'slowUpload'
  | 'newerEngine'
  | 'triedBefore'
  | 'gaveUp'
  | 'outage'
  | 'busy'
  | 'tooOften'
  | 'notAllowed'
  | 'takenOff'
  | 'gone'
  | 'ended'
  | 'bug'
  | 'offline'
  | 'fileGone'
  | 'cancelled';

/** Every word that the server has for what goes wrong. A test holds it against the server's source. */
export const CAUSE_OF_CODE: Readonly<Record<string, Cause>> = {
  // Of the picture.
  unknown_format: 'notImage',
  unsupported_format: 'formatNotRead',
  too_many_pixels: 'tooManyPixels',
  side_too_long: 'sideTooLong',
  too_many_bytes: 'memory',
  too_many_frames: 'animation',
  too_many_animation_pixels: 'animation',
  broken_image: 'broken',
  too_large: 'tooManyBytes',
  original_too_long: 'tooManyBytes',
  // Of the mark and the recipe.
  missing_glyph: 'glyph',
  missing_font: 'font',
  unsupported_logo: 'logoFormat',
  logo_too_large: 'logoSize',
  broken_logo: 'logoBroken',
  no_mark: 'noMark',
  field_refused: 'field',
  not_encodable: 'notEncodable',
  result_too_large: 'resultSize',
  result_too_long: 'resultSize',
  // Of the request.
  malformed: 'disagreement',
  image_missing: 'disagreement',
  method_not_allowed: 'disagreement',
  undecodable: 'disagreement',
  not_found: 'gone',
  not_ready: 'gone',
  ended: 'ended',
  precondition_failed: 'disagreement',
  no_such_range: 'disagreement',
  other_site: 'disagreement',
  webhook_refused: 'disagreement',
  too_many_webhooks: 'tooOften',
  host_elsewhere: 'disagreement',
  host_malformed: 'disagreement',
  host_unknown: 'disagreement',
  packed: 'disagreement',
  no_form: 'disagreement',
  // Of who asks.
  credential_missing: 'notAllowed',
  credential_malformed: 'notAllowed',
  credentials_several: 'notAllowed',
  credential_too_long: 'notAllowed',
  key_unknown: 'notAllowed',
  token_refused: 'notAllowed',
  scope_missing: 'notAllowed',
  link_expired: 'notAllowed',
  link_forged: 'notAllowed',
  forbidden: 'notAllowed',
  not_yours: 'notAllowed',
  shared: 'notAllowed',
  keys_away: 'outage',
  // Of the job.
  job_failed: 'triedBefore',
  job_ended: 'gaveUp',
  died_before: 'gaveUp',
  attempts_spent: 'gaveUp',
  original_missing: 'originalGone',
  crashed: 'crash',
  crash_loop: 'crash',
  delivery_limit: 'crash',
  too_slow: 'slowWork',
  memory_exceeded: 'memory',
  cpu_exceeded: 'cpu',
  no_slot: 'outage',
  slot_killed: 'outage',
  newer_engine: 'newerEngine',
  rejected: 'takenOff',
  expired: 'takenOff',
  maxlen: 'takenOff',
  unknown: 'takenOff',
  // Of the fleet.
  overtaken: 'outage',
  queue_unavailable: 'outage',
  objects_unavailable: 'outage',
  results_unavailable: 'outage',
  unavailable: 'outage',
  busy: 'busy',
  too_many_requests: 'tooOften',
  queue_full: 'busy',
  bug: 'bug',
};

const CAUSE_OF_REFUSAL: Readonly<Record<Refusal['why'], Cause>> = {
  'not-an-image': 'notImage',
  'format-not-read': 'formatNotRead',
  empty: 'empty',
  'too-many-bytes': 'tooManyBytes',
  'too-many-pixels': 'tooManyPixels',
  'side-too-long': 'sideTooLong',
  'too-many-photos': 'tooManyPhotos',
};

/** Why there is no result, before it is put into words. */
export interface Finding {
  /** Null where only the server's own words tell. */
  readonly cause: Cause | null;
  readonly measured: number | null;
  readonly limit: number | null;
  /** The format that nobody here reads, by name. */
  readonly format: string | null;
  /** What a file begins with that is no image. */
  readonly begins: string | null;
  /** What the server said. */
  readonly said: string | null;
}

const NOTHING_MORE = {
  measured: null,
  limit: null,
  format: null,
  begins: null,
  said: null,
} as const;

/** Why `photo` has no result and gets none by itself; null where that is not so. */
export function findingOf({ stage }: Photo): Finding | null {
  switch (stage.at) {
    case 'refused':
      return ofRefusal(stage.refusal);
    case 'unsent':
      return ofProblem(stage.problem);
    case 'accepted': {
      const { state, unknown } = stage.job;
      if (unknown) return { ...NOTHING_MORE, cause: 'gone' };
      if (state.status === 'cancelled') return { ...NOTHING_MORE, cause: 'cancelled' };
      return state.status === 'failed' || state.status === 'dead' ? ofFailure(state.error) : null;
    }
    default:
      return null;
  }
}

export function ofRefusal(refusal: Refusal): Finding {
  return {
    cause: CAUSE_OF_REFUSAL[refusal.why],
    measured: 'measured' in refusal ? refusal.measured : null,
    limit: 'limit' in refusal ? refusal.limit : null,
    format: 'format' in refusal ? refusal.format : null,
    begins: 'begins' in refusal ? refusal.begins : null,
    said: null,
  };
}

const PROBLEM_PREFIX = 'urn:nws:problem:';

export function ofProblem(problem: Problem): Finding {
  return {
    ...NOTHING_MORE,
    cause: causeOfProblem(problem),
    measured: problem.measured ?? null,
    limit: problem.limit ?? null,
    said: isOfPage(problem) ? null : problem.detail || problem.title || null,
  };
}

/** What the page found itself is not the server's word. */
function isOfPage({ type }: Problem): boolean {
  return Object.values<string>(PAGE_PROBLEMS).includes(type);
}

export function ofFailure(failure: Failure | null): Finding {
  const cause = failure ? (CAUSE_OF_CODE[failure.code] ?? null) : null;
  return { ...NOTHING_MORE, cause, said: failure?.message ?? null };
}

function causeOfProblem({ type, status }: Problem): Cause | null {
  const code = type.startsWith(PROBLEM_PREFIX) ? type.slice(PROBLEM_PREFIX.length) : '';
  if (type === PAGE_PROBLEMS.fileGone) return 'fileGone';
  if (type === PAGE_PROBLEMS.notUnderstood) return 'disagreement';
  // The same word for a slow job and a slow upload; the status tells them apart.
  if (code === 'too_slow') return 'slowUpload';
  return CAUSE_OF_CODE[code] ?? causeOfStatus(status);
}

/** What a proxy says in the server's place has no word of ours. */
function causeOfStatus(status: number): Cause | null {
  switch (status) {
    case 0:
      return 'offline';
    case 408:
      return 'slowUpload';
    case 413:
      return 'tooManyBytes';
    case 403:
      return 'notAllowed';
    case 429:
      return 'busy';
    case 502:
    case 503:
    case 504:
      return 'outage';
    default:
      return null;
  }
}
