import type { Figures, Words } from '../words/words';
import type { Problem } from './checks';
import { VARIABLES } from './text/variables';

const known = VARIABLES.map((name) => `{${name}}`).join(' ');
const codePoint = (value: number) => `U+${value.toString(16).toUpperCase().padStart(4, '0')}`;

/** What is wrong with a field, what was measured and what is allowed. */
export const PROBLEM_WORDS: Words<(problem: Problem, figures: Figures) => string> = {
  en: inEnglish,
  fr: inFrench,
};

function inEnglish(problem: Problem, { setting: figure }: Figures): string {
  switch (problem.why) {
    case 'unknown-variable':
      return `{${problem.name}} is no variable. There are ${known}, and {{ for a brace.`;
    case 'open-brace':
      return 'A { has no }. Write {{ for a brace that is meant as one.';
    case 'too-long':
      return `${figure(problem.measured)} characters, ${figure(problem.limit)} are allowed.`;
    case 'control-character':
      return `The control character ${codePoint(problem.codePoint)} cannot be drawn.`;
    case 'nothing-to-draw':
      return 'Nothing to draw: the text is empty once its variables are replaced.';
    case 'no-number':
      return problem.range.step === 1
        ? `A whole number from ${figure(problem.range.min)} to ${figure(problem.range.max)}, please.`
        : `A number from ${figure(problem.range.min)} to ${figure(problem.range.max)}, please.`;
    case 'outside':
      return `${figure(problem.measured)} is out of range: ${figure(problem.range.min)} to ${figure(problem.range.max)} are allowed.`;
    case 'no-color':
      return 'Not a colour of the form #rrggbb.';
    case 'logo-format':
      return 'A logo is a PNG or a WebP file; this one is neither.';
    case 'logo-broken':
      return 'This logo cannot be read.';
    case 'logo-invisible':
      return 'All of this logo is transparent.';
    case 'logo-bytes':
      return `${figure(problem.measured)} bytes, ${figure(problem.limit)} are allowed for a logo.`;
    case 'logo-pixels':
      return `${figure(problem.measured)} pixels, ${figure(problem.limit)} are allowed for a logo.`;
  }
}

function inFrench(problem: Problem, { setting: figure }: Figures): string {
  switch (problem.why) {
    case 'unknown-variable':
      return `{${problem.name}} n’est pas une variable. Il y a ${known}, et {{ pour une accolade.`;
    case 'open-brace':
      return 'Il manque un } à un {. Écrivez {{ pour une simple accolade.';
    case 'too-long':
      return `${figure(problem.measured)} caractères, ${figure(problem.limit)} au plus.`;
    case 'control-character':
      return `Le caractère de contrôle ${codePoint(problem.codePoint)} ne peut pas être dessiné.`;
    case 'nothing-to-draw':
      return 'Rien à dessiner\u00a0: le texte est vide une fois ses variables remplacées.';
    case 'no-number':
      return problem.range.step === 1
        ? `Un nombre entier de ${figure(problem.range.min)} à ${figure(problem.range.max)}, s’il vous plaît.`
        : `Un nombre de ${figure(problem.range.min)} à ${figure(problem.range.max)}, s’il vous plaît.`;
    case 'outside':
      return `${figure(problem.measured)} est hors limites\u00a0: de ${figure(problem.range.min)} à ${figure(problem.range.max)}.`;
    case 'no-color':
      return 'Ce n’est pas une couleur de la forme #rrvvbb.';
    case 'logo-format':
      return 'Un logo est un fichier PNG ou WebP\u202f; celui-ci n’est ni l’un ni l’autre.';
    case 'logo-broken':
      return 'Ce logo est illisible.';
    case 'logo-invisible':
      return 'Ce logo est entièrement transparent.';
    case 'logo-bytes':
      return `${figure(problem.measured)} octets, ${figure(problem.limit)} au plus pour un logo.`;
    case 'logo-pixels':
      return `${figure(problem.measured)} pixels, ${figure(problem.limit)} au plus pour un logo.`;
  }
}
