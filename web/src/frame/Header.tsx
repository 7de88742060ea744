import { THEMES, type Theme, useTheme } from '../ui/theme';
import { LANGUAGES, type Language, useLanguage, useWords, type Words } from '../words/words';
import './header.css';

/** The name of the thing, what it does in one sentence, and how it is shown. */
export function Header() {
  const words = useWords(WORDS);
  return (
    <header className="header">
      <div className="header-name">
        <img src="/favicon.svg" alt="" width="32" height="32" />
        <h1>NWS Watermark</h1>
      </div>
      <p className="header-sentence quiet">{words.sentence}</p>
      <div className="header-choices">
        <ThemeChoice />
        <LanguageChoice />
      </div>
    </header>
  );
}

function ThemeChoice() {
  const words = useWords(WORDS);
  const [theme, choose] = useTheme();
  return (
    <OneOf
      label={words.theme}
      value={theme}
      choices={THEMES}
      onChange={choose}
      name={(known) => words.themes[known]}
    />
  );
}

function LanguageChoice() {
  const words = useWords(WORDS);
  const { language, speak } = useLanguage();
  return (
    <OneOf
      label={words.language}
      value={language}
      choices={LANGUAGES}
      onChange={speak}
      name={(known) => LANGUAGE_NAMES[known]}
    />
  );
}

function OneOf<V extends string>(props: {
  readonly label: string;
  readonly value: V;
  readonly choices: readonly V[];
  readonly onChange: (value: V) => void;
  readonly name: (value: V) => string;
}) {
  const choose = (value: string) => {
    const chosen = props.choices.find((known) => known === value);
    if (chosen) props.onChange(chosen);
  };
  return (
    <select
      className="input header-choice"
      aria-label={props.label}
      value={props.value}
      onChange={(event) => choose(event.target.value)}
    >
      {props.choices.map((known) => (
        <option key={known} value={known}>
          {props.name(known)}
        </option>
      ))}
    </select>
  );
}

/** Each in its own language, so that it is found by who cannot read the other. */
const LANGUAGE_NAMES: Record<Language, string> = { en: 'English', fr: 'Français' };

interface HeaderWords {
  readonly sentence: string;
  readonly language: string;
  readonly theme: string;
  readonly themes: Record<Theme, string>;
}

const WORDS: Words<HeaderWords> = {
  en: {
    sentence: 'Drop photos, watch each one travel, compare the result.',
    language: 'Language',
    theme: 'Theme',
    themes: { system: 'System', light: 'Light', dark: 'Dark' },
  },
  fr: {
    sentence: 'Déposez vos photos, suivez leur voyage, comparez le résultat.',
    language: 'Langue',
    theme: 'Thème',
    themes: { system: 'Système', light: 'Clair', dark: 'Sombre' },
  },
};
