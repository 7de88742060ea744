/** A canvas that is drawn on to be read again. */
export function blankSheet(width: number, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  if (!pen) throw new Error(`this browser gives no canvas of ${width} × ${height} pixels`);
  return pen;
}
