import type { CompareDialog } from '../compare/CompareDialog';
import { type Later, useLater } from '../ui/useLater';

interface Comparison {
  readonly dialog: typeof CompareDialog;
}

/** The comparison, which comes with the first photo and not with the page: nobody needs it earlier. */
export function useCompareDialog(wanted: string | boolean | null): Later<Comparison> {
  return useLater(wanted, loadComparison);
}

async function loadComparison(): Promise<Comparison> {
  return { dialog: (await import('../compare/CompareDialog')).CompareDialog };
}
