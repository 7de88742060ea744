import { useEffect, useState } from 'react';
import { keep, recall } from './memory';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const STORED = 'nws.theme';

/** The theme that was chosen last; `system` follows the system's. */
export function useTheme(): readonly [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(remembered);
  useEffect(() => show(theme), [theme]);
  const choose = (chosen: Theme) => {
    keep(STORED, chosen);
    setTheme(chosen);
  };
  return [theme, choose];
}

function show(theme: Theme): void {
  const { dataset } = document.documentElement;
  if (theme === 'system') delete dataset.theme;
  else dataset.theme = theme;
}

function remembered(): Theme {
  const stored = recall(STORED);
  return THEMES.find((theme) => theme === stored) ?? 'system';
}
