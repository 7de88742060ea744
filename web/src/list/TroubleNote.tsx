import { Icon } from '../ui/icons';
import { useFigures, useWords } from '../words/words';
import type { Finding } from './causes';
import { troubleOf } from './trouble';
import { TROUBLE } from './trouble-words';

/** What happened and what to do; never by colour alone. */
export function TroubleNote({ finding }: { readonly finding: Finding }) {
  const words = useWords(TROUBLE);
  const figures = useFigures();
  const { what, advice, note } = troubleOf(finding, words, figures);
  const isWanted = finding.cause === 'cancelled';
  return (
    <div className={isWanted ? 'note' : 'note alarm'}>
      <p className="photo-card-what">
        {!isWanted && <Icon name="warning" />}
        {what}.
      </p>
      <p>{advice}</p>
      {note && <p className="small quiet photo-card-note">{note}</p>}
    </div>
  );
}
