import { type RefObject, useEffect, useRef, useState } from 'react';
import { moves } from '../photos/moves';
import type { Size } from '../photos/photo';
import type { Drawn } from './drawing/draw';
import { outputSize, SAMPLE_SIZE } from './drawing/fit';
import type { Ground } from './drawing/ground';
import type { Letters } from './drawing/letters';
import type { Beneath } from './drawing/picture';
import type { MarkEditing, PreviewPhoto } from './useMark';

type Drawing = typeof import('./drawing/drawing');

/** What is known of the preview's picture. */
export interface Preview {
  readonly canvas: RefObject<HTMLCanvasElement | null>;
  readonly beneath: Beneath;
  readonly output: Size;
  /** What was drawn last; null before, and where the mark cannot be drawn. */
  readonly drawn: Drawn | null;
  /** Characters that the engine's own fonts do not have. */
  readonly missing: readonly string[];
  /** The photo is an animation. */
  readonly isMoving: boolean;
  /** The engine's fonts could not be loaded. */
  readonly hasNoLetters: boolean;
}

const SAMPLE: Beneath = { kind: 'sample', size: SAMPLE_SIZE };

/** Keeps the canvas true to the mark: at most once a frame, and the photo is decoded once. */
export function usePreview(photo: PreviewPhoto | null, editing: MarkEditing): Preview {
  const canvas = useRef<HTMLCanvasElement>(null);
  const ground = useRef<KeptGround | null>(null);
  const { drawing, isAway } = useDrawing();
  const beneath = useBeneath(photo, drawing);
  const isMoving = useMoves(photo?.file);
  const { mark, expanded, logo, problems } = editing;
  const { letters, hasFailed } = useLetters(expanded.text ?? '', drawing);
  const [drawn, setDrawn] = useState<Drawn | null>(null);
  const isSound = Object.keys(problems).length === 0;
  const { width, height } = outputSize(beneath.size, isSound ? mark : DEFAULT_BOX);
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      if (!canvas.current || !drawing) return;
      const output = { width, height };
      ground.current = groundFor(beneath, output, ground.current, drawing);
      const pen = showGround(canvas.current, ground.current);
      if (!isSound || !letters || !pen) return setDrawn(null);
      const scene = { mark, text: expanded.text, letters, logo: logo?.picture ?? null, output };
      setDrawn(drawing.drawMark(pen, { ...scene, ground: ground.current.pixels }));
    });
    return () => cancelAnimationFrame(frame);
  }, [mark, expanded, logo, letters, beneath, width, height, isSound, drawing]);
  return {
    canvas,
    beneath,
    output: { width, height },
    drawn,
    missing: letters?.missing(expanded.text ?? '') ?? [],
    isMoving,
    hasNoLetters: hasFailed || isAway,
  };
}

const DEFAULT_BOX = { width: 1920, height: 1080, format: 'jpeg' } as const;

/** The photo as the result will show it, before it is marked. */
interface KeptGround {
  readonly of: Beneath;
  readonly output: Size;
  readonly sheet: HTMLCanvasElement;
  readonly pixels: Ground;
}

function groundFor(
  of: Beneath,
  output: Size,
  kept: KeptGround | null,
  drawing: Drawing,
): KeptGround {
  const isSame = kept?.output.width === output.width && kept.output.height === output.height;
  if (kept?.of === of && isSame) return kept;
  const sheet = kept?.sheet ?? document.createElement('canvas');
  return { of, output, sheet, pixels: drawing.layGround(sheet, of, output) };
}

function showGround(
  canvas: HTMLCanvasElement,
  { sheet }: KeptGround,
): CanvasRenderingContext2D | null {
  if (canvas.width !== sheet.width) canvas.width = sheet.width;
  if (canvas.height !== sheet.height) canvas.height = sheet.height;
  const pen = canvas.getContext('2d');
  pen?.drawImage(sheet, 0, 0);
  return pen;
}

function useDrawing(): { readonly drawing: Drawing | null; readonly isAway: boolean } {
  const [drawing, setDrawing] = useState<Drawing | null>(null);
  const [isAway, setAway] = useState(false);
  useEffect(() => {
    import('./drawing/drawing').then(setDrawing, () => setAway(true));
  }, []);
  return { drawing, isAway };
}

/** The photo decoded; until then what was shown before. */
function useBeneath(photo: PreviewPhoto | null, drawing: Drawing | null): Beneath {
  const [beneath, setBeneath] = useState<Beneath>(SAMPLE);
  const [file, width, height] = [photo?.file, photo?.size?.width, photo?.size?.height];
  useEffect(() => {
    if (!file) return setBeneath(SAMPLE);
    if (!drawing) return;
    let isCurrent = true;
    const size = width && height ? { width, height } : null;
    drawing.decodePhoto(file, size).then((read) => {
      if (isCurrent) setBeneath(read ?? { kind: 'plate', size: SAMPLE_SIZE });
      else release(read);
    });
    return () => {
      isCurrent = false;
    };
  }, [file, width, height, drawing]);
  useEffect(() => () => release(beneath), [beneath]);
  return beneath;
}

function useMoves(file: Blob | undefined): boolean {
  const [moving, setMoving] = useState<Blob | null>(null);
  useEffect(() => {
    if (file) void moves(file).then((isMoving) => isMoving && setMoving(file));
  }, [file]);
  return file !== undefined && moving === file;
}

function release(beneath: Beneath | null): void {
  if (beneath?.kind === 'photo') beneath.bitmap.close();
}

/** The fonts that a text needs; those that are there until others are. */
function useLetters(
  text: string,
  drawing: Drawing | null,
): { readonly letters: Letters | null; readonly hasFailed: boolean } {
  const [letters, setLetters] = useState<Letters | null>(null);
  const [hasFailed, setFailed] = useState(false);
  const needed = drawing?.facesFor(text) ?? '';
  useEffect(() => {
    if (!drawing) return;
    let isCurrent = true;
    const take = (letters: Letters | null) => {
      if (!isCurrent) return;
      if (letters) setLetters(letters);
      setFailed(letters === null);
    };
    drawing.loadLetters(needed).then(take, () => take(null));
    return () => {
      isCurrent = false;
    };
  }, [needed, drawing]);
  return { letters, hasFailed };
}
