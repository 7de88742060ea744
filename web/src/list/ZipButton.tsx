import { useRef, useState } from 'react';
import type { Photo } from '../photos/photo';
import { Button } from '../ui/controls';
import { useWords, type Words } from '../words/words';
import { resultsOf } from './results';
import type { ZipOrder, ZipOutcome, ZipProgress } from './zip';

interface ZipButtonProps {
  readonly photos: readonly Photo[];
  /** Some result could not be fetched. */
  readonly onMissing: () => void;
}

/** Downloads every result as one ZIP; while it is made, the same button stops it. */
export function ZipButton({ photos, onMissing }: ZipButtonProps) {
  const words = useWords(WORDS);
  const { progress, outcome, begin, cancel } = useZip(photos, onMissing);
  return (
    <>
      {progress ? (
        <Button icon="cancel" onClick={cancel}>
          <span className="figures">{words.making(progress)}</span>
        </Button>
      ) : (
        <Button icon="download" disabled={resultsOf(photos).length === 0} onClick={begin}>
          {words.download}
        </Button>
      )}
      <p role="status" className="small">
        {outcome && words.outcome(outcome)}
      </p>
    </>
  );
}

function useZip(photos: readonly Photo[], onMissing: () => void) {
  const [progress, setProgress] = useState<ZipProgress | null>(null);
  const [outcome, setOutcome] = useState<ZipOutcome | null>(null);
  const abort = useRef<AbortController>(null);
  const begin = async () => {
    const results = resultsOf(photos);
    abort.current = new AbortController();
    setOutcome(null);
    setProgress({ fetched: 0, of: results.length });
    const { signal } = abort.current;
    const outcome = await save({ results, signal, onProgress: setProgress });
    setOutcome(outcome);
    setProgress(null);
    if (lacksSome(outcome)) onMissing();
  };
  return { progress, outcome, begin, cancel: () => abort.current?.abort() };
}

function lacksSome(outcome: ZipOutcome): boolean {
  return outcome.ended === 'saved' ? outcome.missing.length > 0 : outcome.ended === 'failed';
}

/** What makes a ZIP comes with the first one, and not with the page. */
async function save(order: ZipOrder): Promise<ZipOutcome> {
  const zip = await import('./zip').catch(() => null);
  return zip ? zip.saveAll(order) : { ended: 'failed' };
}

interface Said {
  readonly download: string;
  readonly making: (progress: ZipProgress) => string;
  readonly outcome: (outcome: ZipOutcome) => string;
}

const WORDS: Words<Said> = {
  en: {
    download: 'Download all (ZIP)',
    making: ({ fetched, of }) => `Stop (${fetched} of ${of})`,
    outcome: (outcome) => {
      if (outcome.ended === 'cancelled') return 'Download stopped.';
      if (outcome.ended === 'failed')
        return 'The photos could not be downloaded. Where one is gone, its line says so; else try again.';
      if (outcome.missing.length === 0) return '';
      return `Not in the ZIP, because it could not be fetched: ${outcome.missing.join(', ')}`;
    },
  },
  fr: {
    download: 'Tout télécharger (ZIP)',
    making: ({ fetched, of }) => `Arrêter (${fetched} sur ${of})`,
    outcome: (outcome) => {
      if (outcome.ended === 'cancelled') return 'Téléchargement arrêté.';
      if (outcome.ended === 'failed')
        return 'Le téléchargement a échoué. Si une photo n’est plus là, sa ligne le dit ; sinon, réessayez.';
      if (outcome.missing.length === 0) return '';
      return `Absent du ZIP, faute d’avoir pu être lu : ${outcome.missing.join(', ')}`;
    },
  },
};
