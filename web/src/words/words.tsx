import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';
import { keep, recall } from '../ui/memory';

export const LANGUAGES = ['en', 'fr'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The same words in each language: a table lies beside the component that says them. */
export type Words<W> = Readonly<Record<Language, W>>;

interface Spoken {
  readonly language: Language;
  readonly speak: (language: Language) => void;
}

const STORED = 'nws.language';
const Context = createContext<Spoken>({ language: 'en', speak: () => {} });

/** Speaks the language that was chosen last, else the first of the browser's that is known. */
export function Speaking({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState(preferred);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const speak = (chosen: Language) => {
    keep(STORED, chosen);
    setLanguage(chosen);
  };
  return <Context value={{ language, speak }}>{children}</Context>;
}

export function useLanguage(): Spoken {
  return useContext(Context);
}

export function useWords<W>(words: Words<W>): W {
  return words[useContext(Context).language];
}

/** Numbers as people of the language write them. */
export function useFigures(): Figures {
  return FIGURES[useContext(Context).language];
}

export interface Figures {
  readonly count: (value: number) => string;
  /** 0.4 ms, 12 ms, 1.2 s, by the symbols of the SI in every language. */
  readonly duration: (ms: number) => string;
  /** 69 bytes, 340 kB, 4.2 MB. */
  readonly bytes: (bytes: number) => string;
  /** A share of 1 as a whole percentage. */
  readonly percent: (share: number) => string;
  /** Two digits that matter: 0.42, 4.2, 42. */
  readonly rate: (value: number) => string;
  /** 0.5 and 16,384: as many digits as a field of the mark takes. */
  readonly setting: (value: number) => string;
  /** 24 megapixels, 100.4 megapixels. */
  readonly megapixels: (pixels: number) => string;
  /** 4.5 : 1. */
  readonly contrast: (ratio: number) => string;
}

const MEGAPIXELS: Words<string> = { en: 'megapixels', fr: 'mégapixels' };

function figuresOf(language: Language): Figures {
  const format = (options: Intl.NumberFormatOptions) => {
    const { format } = new Intl.NumberFormat(language, options);
    return (value: number) => format(value);
  };
  const unit = (unit: string, digits: number) =>
    format({ style: 'unit', unit, maximumFractionDigits: digits });
  const [kB, MB] = [unit('kilobyte', 0), unit('megabyte', 1)];
  const bytes = format({ style: 'unit', unit: 'byte', unitDisplay: 'long' });
  const whole = format({ maximumFractionDigits: 0 });
  const tenths = format({ maximumFractionDigits: 1 });
  return {
    count: whole,
    duration: (ms) => {
      if (ms < 9.95) return `${tenths(ms)}\u00a0ms`;
      return ms < 999.5 ? `${whole(ms)}\u00a0ms` : `${tenths(ms / 1000)}\u00a0s`;
    },
    bytes: (value) => {
      if (value < 999.5) return bytes(value);
      return value < 999_500 ? kB(value / 1000) : MB(value / 1e6);
    },
    percent: format({ style: 'percent', maximumFractionDigits: 0 }),
    rate: format({ maximumSignificantDigits: 2 }),
    setting: format({ maximumFractionDigits: 3 }),
    megapixels: (pixels) => `${tenths(pixels / 1e6)} ${MEGAPIXELS[language]}`,
    contrast: (ratio) => `${tenths(ratio)}\u00a0:\u00a01`,
  };
}

const FIGURES: Words<Figures> = { en: figuresOf('en'), fr: figuresOf('fr') };

function preferred(): Language {
  const known = (wanted: string | null) =>
    LANGUAGES.find((language) => wanted?.startsWith(language));
  const chosen = known(recall(STORED));
  return chosen ?? navigator.languages.map(known).find((found) => found !== undefined) ?? 'en';
}
