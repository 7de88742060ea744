import { keyring } from './keyring';
import { isJobState } from './parse';
import { ask, reach, ServerError } from './server';

/** Where a result is, as the server said it last. */
export interface Address {
  readonly jobId: string;
  /** A path on this server; with a signature it opens for a time to whoever has it. */
  readonly url: string;
}

/** Whether a browser that follows it as a link, or shows it as an image, comes to see it: neither sends a header. */
export function isOpen({ url }: Address, nowMs: number): boolean {
  const { searchParams } = new URL(url, location.href);
  if (!searchParams.has('sig')) return keyring.snapshot().key === null;
  return nowMs < Number(searchParams.get('exp')) * 1000;
}

/** Fetches a result with whatever opens it. A link that is refused has expired, most likely: the job's status has a new one. */
export async function fetchResult({ jobId, url }: Address, signal: AbortSignal): Promise<Response> {
  try {
    return await reach(url, { signal });
  } catch (error) {
    if (!(error instanceof ServerError) || error.problem.status !== 403) throw error;
    const state = await ask(`/status/${jobId}`, isJobState, 'GET', signal);
    if (state.url === null || state.url === url) throw error;
    return reach(state.url, { signal });
  }
}
