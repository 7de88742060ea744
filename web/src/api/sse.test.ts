import { expect, test } from 'vitest';
import { type Frame, FrameReader } from './sse';

const bytesOf = (text: string) => new TextEncoder().encode(text);

function read(...pieces: Uint8Array[]): { frames: Frame[]; reader: FrameReader } {
  const reader = new FrameReader();
  return { frames: pieces.flatMap((piece) => reader.push(piece)), reader };
}

const STREAM = bytesOf(
  '\ufeff: hello\r\n' +
    'retry: 1500\revent: queued\r\ndata: été 📷\nid: 7-1\r\r' +
    'data:one\r\ndata: two\ndata\r\n\n' +
    ':\n\nid: 7-2\n\nevent: done\ndata: {}\nretry: soon\nunknown: field\n\n' +
    'data: never ended\n',
);
const FRAMES = [
  { event: 'queued', data: 'été 📷', id: '7-1' },
  { event: 'message', data: 'one\ntwo\n', id: null },
  { event: 'done', data: '{}', id: null },
];

test('frames are the same wherever their bytes are cut', () => {
  for (let cut = 0; cut <= STREAM.length; cut++) {
    const { frames, reader } = read(STREAM.slice(0, cut), STREAM.slice(cut));
    expect(frames, `cut at ${cut}`).toEqual(FRAMES);
    expect(reader.retryMs).toBe(1500);
    expect(reader.lastEventId).toBe('7-2');
  }
});

test('frames are the same when every byte comes alone', () => {
  const { frames } = read(...Array.from(STREAM, (byte) => Uint8Array.of(byte)));
  expect(frames).toEqual(FRAMES);
});

test('a line end that is cut in two is one line end', () => {
  const { frames } = read(
    bytesOf('data: a\r'),
    bytesOf('\ndata: b\r'),
    bytesOf('\n\r'),
    bytesOf('\n'),
  );
  expect(frames).toEqual([{ event: 'message', data: 'a\nb', id: null }]);
});

test('a frame without end is not gathered for ever', () => {
  const reader = new FrameReader();
  const piece = bytesOf('x'.repeat(1 << 19));
  expect(() => {
    for (let pieces = 0; pieces < 3; pieces++) reader.push(piece);
  }).toThrow('a frame is longer than');
});
