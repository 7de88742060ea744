/** The browser's memory of small things. A browser that keeps nothing is no reason to fail. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // It is forgotten at the next visit, and that is all.
  }
}
