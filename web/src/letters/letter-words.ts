import type { Words } from '../words/words';
import type { Fate, Reason } from './letters';

/** What the server's words mean to who looks after it. */
export interface LetterWords {
  readonly reasons: Readonly<Record<Reason, string>>;
  readonly fates: Readonly<Record<Fate, string>>;
}

export const LETTER: Words<LetterWords> = {
  en: {
    reasons: {
      attempts_spent: 'Every attempt failed',
      original_missing: 'The original is not in the object store',
      undecodable: 'It is no job that can be read',
      crash_loop: 'Its worker died with it, again and again',
      died_before: 'A second message of a job that was dead already',
      delivery_limit: 'Its workers died with it, and the queue gave it up',
      rejected: 'Somebody refused it by hand',
      expired: 'It waited longer than the broker keeps messages',
      maxlen: 'The queue was longer than the broker lets it be',
      unknown: 'Put there by hand, or by a newer version',
    },
    fates: {
      replayed: 'Sent once more, from its first attempt',
      remade: 'Sent once more: its result was gone',
      finished: 'Removed: the job is finished already',
      runs: 'Removed: the job runs already',
      duplicate: 'Removed: the same job was sent just now',
      cancelled: 'Kept: its client took it back',
      unreadable: 'Kept: it is no job that can be read',
      may_run: 'Kept: the job seems to run; try again when it has ended',
    },
  },
  fr: {
    reasons: {
      attempts_spent: 'Toutes les tentatives ont échoué',
      original_missing: 'L’original n’est pas dans le stockage',
      undecodable: 'Ce n’est pas une tâche lisible',
      crash_loop: 'Son ouvrier est tombé avec elle, plusieurs fois',
      died_before: 'Second message d’une tâche déjà morte',
      delivery_limit: 'Ses ouvriers sont tombés avec elle, et la file y a renoncé',
      rejected: 'Quelqu’un l’a refusée à la main',
      expired: 'Elle a attendu plus longtemps que le courtier ne garde les messages',
      maxlen: 'La file dépassait la longueur que le courtier permet',
      unknown: 'Déposée à la main, ou par une version plus récente',
    },
    fates: {
      replayed: 'Renvoyée, depuis sa première tentative',
      remade: 'Renvoyée : son résultat n’existait plus',
      finished: 'Retirée : la tâche est déjà terminée',
      runs: 'Retirée : la tâche est déjà en cours',
      duplicate: 'Retirée : la même tâche vient d’être renvoyée',
      cancelled: 'Gardée : son client l’a annulée',
      unreadable: 'Gardée : ce n’est pas une tâche lisible',
      may_run: 'Gardée : la tâche semble en cours ; réessayez quand elle sera finie',
    },
  },
};

/** The server's own word stands for itself where a newer one says more than this page knows. */
export function wordOf(words: Readonly<Record<string, string>>, word: string): string {
  return words[word] ?? word;
}
