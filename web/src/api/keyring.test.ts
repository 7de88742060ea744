import { beforeEach, expect, test, vi } from 'vitest';
import { isCredential, Keyring } from './keyring';

let kept: Map<string, string>;

function keyring(): Keyring {
  return new Keyring(() => ({
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => void kept.set(name, value),
    removeItem: (name) => void kept.delete(name),
  }));
}

beforeEach(() => {
  kept = new Map();
});

test('a key outlives a reload, until it is forgotten', () => {
  keyring().take('nws_a');
  const after = keyring();
  expect(after.snapshot().key).toBe('nws_a');
  after.forget();
  expect(after.snapshot()).toMatchObject({ key: null, asking: false });
  expect(keyring().snapshot().key).toBeNull();
});

test('a key that the server refuses is not brought along after a reload', () => {
  const ring = keyring();
  ring.take('nws_a');
  ring.refused('nws_a', 'there is no such API key');
  expect(ring.snapshot()).toMatchObject({ refusal: 'there is no such API key', asking: true });
  expect(keyring().snapshot().key).toBeNull();
});

test('a question that was closed does not come back with the next refusal', () => {
  const ring = keyring();
  ring.refused(null, 'this needs a credential');
  ring.dismiss();
  ring.refused(null, 'this needs a credential');
  expect(ring.snapshot().asking).toBe(false);
});

test('what was refused with the key before may be asked with the new one', () => {
  const ring = keyring();
  ring.take('nws_b');
  expect(ring.refused('nws_a', 'there is no such API key')).toBe(false);
  expect(ring.snapshot().refusal).toBeNull();
});

test('whoever waits for a key hears of it, and nothing is said against it any more', () => {
  const ring = keyring();
  const heard = vi.fn();
  ring.refused(null, 'this needs a credential');
  ring.whenTaken(heard);
  ring.take('nws_a');
  expect(heard).toHaveBeenCalledOnce();
  expect(ring.snapshot()).toEqual({
    key: 'nws_a',
    refusal: null,
    scopeMissing: null,
    asking: false,
  });
});

test('what the key before did not allow is not said of the new one', () => {
  const ring = keyring();
  ring.take('nws_b');
  ring.lacks('nws_a', 'admin');
  expect(ring.snapshot().scopeMissing).toBeNull();
  ring.lacks('nws_b', 'admin');
  expect(ring.snapshot().scopeMissing).toBe('admin');
});

test('a browser that keeps nothing holds the key as long as the page', () => {
  const ring = new Keyring(() => {
    throw new Error('no storage here');
  });
  ring.take('nws_a');
  expect(ring.snapshot().key).toBe('nws_a');
});

test('only what a header can carry is a credential', () => {
  expect(['nws_aB-9', 'a.b.c', 'x'.repeat(8192)].every(isCredential)).toBe(true);
  expect(['', 'a b', 'clé', 'a\nb', 'x'.repeat(8193)].some(isCredential)).toBe(false);
});
