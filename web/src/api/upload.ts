import type { Order } from '../mark/mark';
import { keyring } from './keyring';
import { isAdmission } from './parse';
import {
  identity,
  isOfOldKey,
  PAGE_PROBLEMS,
  refusal,
  ServerError,
  understood,
  unreachable,
} from './server';
import type { Admission } from './types';

const PATH = '/upload';
/** Silence after which an upload is given up: longer than the server waits for the next bytes. */
const SILENCE_MS_MAX = 60_000;

/** What every browser shows that this page is built for, so that `wm_format=auto` becomes a WebP. The weights stay below
 * that of JSON: the answer is the job and not the picture. */
const ACCEPT = 'application/json, image/webp;q=0.8, image/avif;q=0.7, image/jpeg;q=0.6';

/** A photo with what is asked for. */
export interface Upload {
  readonly file: File;
  readonly order: Order;
  readonly onProgress: (sentBytes: number, totalBytes: number) => void;
  readonly signal: AbortSignal;
}

export interface Sent {
  readonly admission: Admission;
  /** The result was there before. */
  readonly cached: boolean;
}

/**
 * Uploads a photo. By XMLHttpRequest, because `fetch` does not tell how much was sent.
 *
 * Rejects with a `ServerError`, also when it is aborted.
 */
export async function upload(wanted: Upload): Promise<Sent> {
  const request = new XMLHttpRequest();
  const { key } = keyring.snapshot();
  const isThrough = await transfer(request, wanted, key);
  if (isThrough && isTaken(request)) return sentBy(request);
  if (isThrough) {
    const error = refusalBy(request);
    if (isOfOldKey(error, key)) return upload(wanted);
    throw error;
  }
  const isLost = wanted.signal.aborted || (await isReadable(wanted.file));
  throw isLost ? unreachable() : fileGone();
}

/** The fields come first, so that the server can refuse them before it reads the photo. */
export function formOf(file: File, { fields, logo }: Order): FormData {
  const form = new FormData();
  for (const [name, value] of fields) form.append(name, value);
  if (logo) form.append('wm_logo', logo, logo.name);
  form.append('image', file, file.name);
  return form;
}

/** The page had the file, and has it no more. */
export function fileGone(): ServerError {
  return new ServerError({
    type: PAGE_PROBLEMS.fileGone,
    title: 'File not there',
    status: 410,
    detail: 'the file was moved, changed or not kept; choose it again',
  });
}

/** Sends it, and says whether there is an answer. */
function transfer(request: XMLHttpRequest, wanted: Upload, key: string | null) {
  const { file, order, onProgress, signal } = wanted;
  const abort = () => request.abort();
  let watchdog = setTimeout(abort, SILENCE_MS_MAX);
  request.upload.onprogress = ({ loaded, total }) => {
    clearTimeout(watchdog);
    watchdog = setTimeout(abort, SILENCE_MS_MAX);
    onProgress(loaded, total);
  };
  const over = new Promise<boolean>((resolve) => {
    request.onload = () => resolve(true);
    request.onloadend = () => resolve(false);
  });
  request.open('POST', PATH);
  const headers = Object.entries({ ...identity(PATH, key), accept: ACCEPT });
  for (const [name, value] of headers) request.setRequestHeader(name, value);
  signal.addEventListener('abort', abort);
  request.send(formOf(file, order));
  return over.finally(() => {
    clearTimeout(watchdog);
    signal.removeEventListener('abort', abort);
  });
}

function isTaken({ status }: XMLHttpRequest): boolean {
  return status >= 200 && status <= 299;
}

function refusalBy(request: XMLHttpRequest): ServerError {
  return refusal(request.status, request.responseText, (name) => request.getResponseHeader(name));
}

function sentBy(request: XMLHttpRequest): Sent {
  const admission = understood(request.responseText, isAdmission);
  return { admission, cached: request.getResponseHeader('x-cache') === 'HIT' };
}

/** The browser tells of a file that was changed or deleted as of a network that is down. */
function isReadable(file: File): Promise<boolean> {
  const first = file.slice(0, 1).arrayBuffer();
  return first.then(
    () => true,
    () => false,
  );
}
