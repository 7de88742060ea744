import { keyring } from '../api/keyring';
import { type Fleet, lookAtFleet, pollDelayMs } from './stats';

/** Tells `onLook` of the fleet again and again, while somebody looks at the page; null is a look that failed. */
export function watchFleet(onLook: (fleet: Fleet | null) => void): () => void {
  let stop = () => {};
  const begin = () => {
    stop();
    stop = document.visibilityState === 'visible' ? poll(onLook) : () => {};
  };
  begin();
  document.addEventListener('visibilitychange', begin);
  const unwait = keyring.whenTaken(begin);
  return () => {
    unwait();
    document.removeEventListener('visibilitychange', begin);
    stop();
  };
}

/** Looks until it is stopped, or there is nothing to be seen here. */
function poll(onLook: (fleet: Fleet | null) => void): () => void {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout>;
  let failures = 0;
  const look = async () => {
    const fleet = await lookAtFleet(abort.signal).catch(() => null);
    if (abort.signal.aborted) return;
    failures = fleet ? 0 : failures + 1;
    onLook(fleet);
    if (fleet?.is !== 'absent' && fleet?.is !== 'barred')
      timer = setTimeout(look, pollDelayMs(failures));
  };
  void look();
  return () => {
    abort.abort();
    clearTimeout(timer);
  };
}
