/** Longer than any browser needs to take a blob over, short enough not to keep it in memory. */
const BLOB_KEPT_MS = 60_000;

/** Saves it as any download. */
export function saveBlob(blob: Blob, filename: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = filename;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), BLOB_KEPT_MS);
}
