import { useFigures, useWords } from '../words/words';
import type { Problem } from './checks';
import { PROBLEM_WORDS } from './problem-words';

/** What is wrong with a field, beside it. It is read out once it appears, and named by the field's `aria-describedby`. */
export function ProblemNote({
  id,
  problem,
}: {
  readonly id: string;
  readonly problem?: Problem | undefined;
}) {
  const words = useWords(PROBLEM_WORDS);
  const figures = useFigures();
  return (
    <p id={id} className="mark-problem small" role="status">
      {problem && words(problem, figures)}
    </p>
  );
}
