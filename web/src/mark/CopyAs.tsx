import { useState } from 'react';
import { useAccess } from '../access/useAccess';
import { Button } from '../ui/controls';
import { useWords, type Words } from '../words/words';
import { applyLine, curlLine, json } from './commands';
import type { Order } from './mark';

const KINDS = ['curl', 'nws', 'json'] as const;
type Kind = (typeof KINDS)[number];

/** The same order for a terminal or a program. */
export function CopyAs({ order }: { readonly order: Order }) {
  const words = useWords(WORDS);
  const [said, setSaid] = useState<{ readonly kind: Kind; readonly done: boolean } | null>(null);
  const { key, refusal } = useAccess();
  const textOf = (kind: Kind) => textAs(kind, order, key !== null || refusal !== null);
  const copy = async (kind: Kind) => {
    const done = await written(textOf(kind));
    setSaid({ kind, done });
  };
  return (
    <div className="mark-copy">
      <h3>{words.heading}</h3>
      <div className="segments">
        {KINDS.map((kind) => (
          <Button key={kind} icon="copy" onClick={() => copy(kind)}>
            {words.kinds[kind]}
          </Button>
        ))}
      </div>
      <p className="quiet small" role="status">
        {said && (said.done ? words.copied(words.kinds[said.kind]) : words.failed)}
      </p>
      {said && (
        <pre className="mark-code small">
          <code>{textOf(said.kind)}</code>
        </pre>
      )}
    </div>
  );
}

function textAs(kind: Kind, order: Order, needsKey: boolean): string {
  if (kind === 'json') return json(order);
  return kind === 'curl' ? curlLine(order, location.origin, needsKey) : applyLine(order);
}

/** A page without a secure origin has no clipboard; the text is shown to be copied by hand. */
async function written(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

interface CopyWords {
  readonly heading: string;
  readonly kinds: Readonly<Record<Kind, string>>;
  readonly copied: (kind: string) => string;
  readonly failed: string;
}

const WORDS: Words<CopyWords> = {
  en: {
    heading: 'Copy these settings',
    kinds: { curl: 'curl', nws: 'nws apply', json: 'JSON' },
    copied: (kind) => `Copied for ${kind}.`,
    failed: 'This browser did not let the page copy. Select the text below.',
  },
  fr: {
    heading: 'Copier ces réglages',
    kinds: { curl: 'curl', nws: 'nws apply', json: 'JSON' },
    copied: (kind) => `Copié pour ${kind}.`,
    failed: 'Le navigateur n’a pas permis la copie. Sélectionnez le texte ci-dessous.',
  },
};
