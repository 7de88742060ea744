import { makeZip } from 'client-zip';
import { fetchResult } from '../api/images';
import { resultName, uniqueNames } from './names';
import type { Result } from './results';
import { saveBlob } from './saveBlob';

export interface ZipProgress {
  /** Results fetched or given up. */
  readonly fetched: number;
  readonly of: number;
}

/** How a download of all ended; `missing` names the photos that could not be fetched. */
export type ZipOutcome =
  | { readonly ended: 'saved'; readonly missing: readonly string[] }
  | { readonly ended: 'cancelled' }
  | { readonly ended: 'failed' };

export interface ZipOrder {
  readonly results: readonly Result[];
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ZipProgress) => void;
}

/** Up to here a ZIP is made in memory and saved like any download; more is written to a file as it arrives. */
const IN_MEMORY_BYTES_MAX = 200 * 1024 * 1024;

/** Saves all results as one ZIP. To be called from a click: the browser may ask where to. */
export async function saveAll(order: ZipOrder): Promise<ZipOutcome> {
  const missing: string[] = [];
  try {
    await save(makeZip(entriesOf(order, missing)), order);
    return missing.length < order.results.length
      ? { ended: 'saved', missing }
      : { ended: 'failed' };
  } catch (error) {
    // Who closes the question where to save to has cancelled as well.
    const isClosed = error instanceof DOMException && error.name === 'AbortError';
    return { ended: order.signal.aborted || isClosed ? 'cancelled' : 'failed' };
  }
}

/**
 * One file after the other.
 *
 * Each is fetched to its end before it goes into the ZIP: one that breaks off half-way would take all after it along.
 */
async function* entriesOf({ results, signal, onProgress }: ZipOrder, missing: string[]) {
  const names = uniqueNames(
    results.map(({ filename, picture }) => resultName(filename, picture.format)),
  );
  for (const [index, result] of results.entries()) {
    onProgress({ fetched: index, of: results.length });
    const input = await fetched(result, signal);
    if (input) yield { input, name: names[index] ?? result.filename, lastModified: new Date() };
    else missing.push(result.filename);
  }
}

/** Null where it cannot be had; throws once the user has cancelled. */
async function fetched(result: Result, signal: AbortSignal): Promise<ArrayBuffer | null> {
  try {
    const answer = await fetchResult(result, signal);
    return await answer.arrayBuffer();
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

async function save(zip: ReadableStream<Uint8Array>, { results, signal }: ZipOrder): Promise<void> {
  const bytes = results.reduce((sum, { picture }) => sum + picture.sizeBytes, 0);
  const picker = 'showSaveFilePicker' in window ? window.showSaveFilePicker : null;
  if (bytes > IN_MEMORY_BYTES_MAX && picker) {
    const file = await picker({ suggestedName: ZIP_NAME });
    return zip.pipeTo(await file.createWritable(), { signal });
  }
  saveBlob(await new Response(zip).blob(), ZIP_NAME);
}

const ZIP_NAME = 'photos-marked.zip';

declare global {
  interface Window {
    /** Not in every browser, so not in TypeScript's own list. */
    showSaveFilePicker?(options: { suggestedName: string }): Promise<FileSystemFileHandle>;
  }
}
