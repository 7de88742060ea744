import { useLater } from '../ui/useLater';
import { useAccess } from './useAccess';

/** What there is to say of the key. Most servers on one's own machine ask for none: then nothing of this is even loaded. */
export function Access() {
  const access = useAccess();
  const isOfUse = access.key !== null || access.refusal !== null || access.asking;
  const desk = useLater(isOfUse, loadDesk);
  if (!isOfUse || desk === null || desk === 'away') return null;
  return <desk.AccessDesk access={access} />;
}

function loadDesk() {
  return import('./AccessDesk');
}
