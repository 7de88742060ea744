import { isLimits } from './parse';
import { ask } from './server';
import type { Limits } from './types';

/** What the server takes. */
export function readLimits(): Promise<Limits> {
  return ask('/limits', isLimits);
}
