import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { expandedText, numberProblem, problemsOf } from './checks';
import { applyLine, curlLine, json } from './commands';
import { fields } from './fields';
import { MARK_DEFAULT, type Mark } from './mark';
import { RANGES } from './ranges';
import { markFrom } from './remembered';
import { NO_EXIF } from './text/exif';

const AUTO: Mark = { ...MARK_DEFAULT, format: 'auto' };
const CONTEXT = { now: new Date(), filename: 'a.jpg', size: null, exif: NO_EXIF };

function sent(part: Partial<Mark>, hasLogo = false): Record<string, string> {
  return Object.fromEntries(fields({ ...AUTO, ...part }, hasLogo));
}

describe('the fields', () => {
  it('are those that differ from the server’s defaults', () => {
    expect(sent({})).toEqual({});
    expect(sent({ text: '© Ada', opacity: 0.5, format: 'webp', quality: 'keep' })).toEqual({
      wm_text: '© Ada',
      wm_opacity: '0.5',
      wm_format: 'webp',
      quality: 'keep',
    });
  });

  it('leave out what makes no difference', () => {
    const part = {
      spacingPercent: 5,
      logoSizePercent: 20,
      align: 'left',
      rotateDegrees: 360,
    } as const;
    expect(sent(part)).toEqual({});
    expect(sent({ ...part, position: 'tile', text: 'a\nb' })).toMatchObject({
      wm_spacing: '5',
      wm_align: 'left',
    });
    expect(sent({ format: 'png', quality: 10 })).toEqual({ wm_format: 'png' });
  });

  it('say the default text beside a logo, which would stand alone without', () => {
    expect(sent({ logoSizePercent: 20 }, true)).toEqual({
      wm_text: 'NWS © {year}',
      wm_logo_size: '20',
    });
    expect(sent({ text: '', sizePercent: 8, color: '#ff0000' }, true)).toEqual({});
  });

  it('free a side by naming the other one, and both by the longest there is', () => {
    expect(sent({ width: 1920, height: null })).toEqual({ width: '1920' });
    expect(sent({ width: null, height: null })).toEqual({ width: '16384' });
  });
});

describe('a line for the shell', () => {
  const NASTY = [
    '@/etc/passwd',
    '<input',
    `it's "quoted" \\ $HOME \`id\` !1`,
    'two\nlines;type=text/html',
    '-n --wm-size 9',
    "'",
    '* ? [a] ~ # & | ( )',
  ];
  /** What a program would be given: each argument ends with a zero. */
  const argumentsOf = (line: string) =>
    execFileSync('sh', ['-c', line.replace(/^(curl|nws)/, "printf '%s\\0'")], { encoding: 'utf8' })
      .split('\0')
      .slice(0, -1);

  it.each(NASTY)('gives curl %j as it is', (text) => {
    const order = { fields: fields({ ...AUTO, text }, false), logo: null };
    const given = argumentsOf(curlLine(order, 'http://127.0.0.1:3000', false));
    expect(given[given.indexOf('--form-string') + 1]).toBe(`wm_text=${text}`);
    expect(given).toContain('image=@photo.jpg');
    expect(given.at(-1)).toBe('http://127.0.0.1:3000/upload');
  });

  it('names the key and does not show it', () => {
    const line = curlLine({ fields: [], logo: null }, 'http://127.0.0.1:3000', true);
    const set = `export NWS_API_KEY=nws_a; ${line}`.replace('curl', "printf '%s\\0'");
    expect(execFileSync('sh', ['-c', set], { encoding: 'utf8' })).toContain('Bearer nws_a\0');
    expect(line).toContain('$NWS_API_KEY');
  });

  it.each(NASTY)('gives nws %j as it is', (text) => {
    const order = { fields: fields({ ...AUTO, text, rotateDegrees: -30 }, false), logo: null };
    const given = argumentsOf(applyLine(order));
    const joined = given.find((word) => word.startsWith('--wm-text='))?.slice(10);
    expect(joined ?? given[given.indexOf('--wm-text') + 1]).toBe(text);
    expect(given).toContain('--wm-rotate=-30');
  });

  it('names a logo whose name curl would cut', () => {
    const logo = new File([], `it's; a,"logo".png`);
    const given = argumentsOf(curlLine({ fields: [], logo }, 'http://[::1]:3000', false));
    expect(given).toContain(`wm_logo=@"it's; a,\\"logo\\".png"`);
  });

  it('has its fields as JSON too, numbers as numbers', () => {
    const order = { fields: fields({ ...AUTO, text: '12', sizePercent: 3.25 }, false), logo: null };
    expect(JSON.parse(json(order))).toEqual({ wm_text: '12', wm_size: 3.25 });
  });
});

describe('what the server would refuse', () => {
  const text = (text: string, hasLogo = false) =>
    expandedText({ ...AUTO, text }, CONTEXT, hasLogo, null);

  it('is a text too long once expanded, counted as the server counts', () => {
    expect(text('😀'.repeat(256)).problem).toBeUndefined();
    expect(text('x'.repeat(257)).problem).toEqual({ why: 'too-long', measured: 257, limit: 256 });
    expect(text('x'.repeat(1025)).problem).toMatchObject({ measured: 1025, limit: 1024 });
  });

  it('is a text without anything to draw, but for a logo', () => {
    expect(text(' \n ').problem).toEqual({ why: 'nothing-to-draw' });
    expect(text('{exif.artist}').problem).toEqual({ why: 'nothing-to-draw' });
    expect(text('', true)).toEqual({ text: null });
    expect(text('a\u0007').problem).toEqual({ why: 'control-character', codePoint: 7 });
  });

  it('is a number out of range, after rounding as the server rounds', () => {
    expect(numberProblem(0.495, RANGES.sizePercent)).toBeNull();
    expect(numberProblem(25.01, RANGES.sizePercent)).toMatchObject({
      why: 'outside',
      measured: 25.01,
    });
    expect(numberProblem(80.5, RANGES.quality)).toMatchObject({ why: 'no-number' });
    expect(numberProblem(Number.NaN, RANGES.opacity)).toMatchObject({ why: 'no-number' });
    expect(numberProblem(-360, RANGES.rotateDegrees)).toBeNull();
  });

  it('is not looked for in fields that are not sent', () => {
    const wrong: Mark = { ...AUTO, spacingPercent: 101, quality: 0, format: 'png' };
    expect(problemsOf(wrong, true, false)).toEqual({});
    expect(problemsOf({ ...wrong, position: 'tile' }, true, false)).toHaveProperty(
      'spacingPercent',
    );
  });
});

describe('what was stored', () => {
  it('comes back as it was', () => {
    const mark: Mark = {
      ...MARK_DEFAULT,
      text: 'a\nb',
      position: 'tile',
      width: null,
      quality: 70,
    };
    expect(markFrom(JSON.parse(JSON.stringify(mark)))).toEqual(mark);
  });

  it('falls back field by field where it is not valid', () => {
    const stored = {
      text: 'mine',
      position: 'nowhere',
      sizePercent: 99,
      color: 'red',
      width: 'wide',
    };
    expect(markFrom(stored)).toEqual({ ...MARK_DEFAULT, text: 'mine' });
    for (const nothing of [null, 3, 'x', []]) expect(markFrom(nothing)).toEqual(MARK_DEFAULT);
  });
});
