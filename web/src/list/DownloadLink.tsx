import type { AnchorHTMLAttributes, MouseEvent } from 'react';
import { fetchResult, isOpen } from '../api/images';
import type { Photo } from '../photos/photo';
import { resultName } from './names';
import { type Result, resultOf } from './results';
import { saveBlob } from './saveBlob';

interface DownloadProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  readonly photo: Photo;
  /** The result cannot be had. */
  readonly onMissing: () => void;
}

/** Saves a result. The browser does it by itself as long as the address alone opens it. */
export function DownloadLink({ photo, onMissing, ...rest }: DownloadProps) {
  const result = resultOf(photo);
  if (!result) return null;
  const name = resultName(result.filename, result.picture.format);
  const onClick = (event: MouseEvent) => {
    if (isOpen(result, Date.now())) return;
    event.preventDefault();
    save(result, name).catch(onMissing);
  };
  return <a {...rest} href={result.url} download={name} onClick={onClick} />;
}

async function save(result: Result, name: string): Promise<void> {
  const answer = await fetchResult(result, new AbortController().signal);
  saveBlob(await answer.blob(), name);
}
