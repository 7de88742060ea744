import { useEffect, useEffectEvent, useState } from 'react';
import { useAccess } from '../access/useAccess';
import { type Address, fetchResult, isOpen } from '../api/images';
import { keyring } from '../api/keyring';

/** What an image can show of a result: its own address where that alone opens it, else a blob; null until it is there. */
export function useResultUrl(result: Address | null, onMissing: () => void): string | null {
  // Drawn again with the key: whether an address opens depends on it.
  useAccess();
  const [blobUrl, setBlobUrl] = useState<string | null>(null);
  const miss = useEffectEvent(onMissing);
  const { jobId, url } = result ?? { jobId: '', url: '' };
  const isFetched = result !== null && !isOpen(result, Date.now());
  useEffect(() => {
    if (isFetched) return keepFetching({ jobId, url }, setBlobUrl, () => miss());
  }, [isFetched, jobId, url]);
  return isFetched ? blobUrl : (result?.url ?? null);
}

/** Fetches it now, and again with each key that is taken. A blob is let go of with the next one, and at the end. */
function keepFetching(
  address: Address,
  onUrl: (url: string | null) => void,
  onMissing: () => void,
): () => void {
  const abort = new AbortController();
  let made: string | null = null;
  const show = (url: string | null) => {
    if (made !== null) URL.revokeObjectURL(made);
    made = url;
    onUrl(url);
  };
  const load = async () => {
    const answer = await fetchResult(address, abort.signal);
    const blob = await answer.blob();
    if (!abort.signal.aborted) show(URL.createObjectURL(blob));
  };
  const begin = () => void load().catch(() => abort.signal.aborted || onMissing());
  const unwait = keyring.whenTaken(begin);
  begin();
  return () => {
    unwait();
    abort.abort();
    show(null);
  };
}
