import { useSyncExternalStore } from 'react';
import { type Access, keyring } from '../api/keyring';

/** The page's key, as it stands now. */
export function useAccess(): Access {
  return useSyncExternalStore(keyring.subscribe, keyring.snapshot);
}
