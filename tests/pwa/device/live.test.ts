import { describe, expect, it } from 'vitest';
import { seenIn, troubleOf } from '../../../pwa/device/camera';
import { counts } from '../../../pwa/device/decode/passes';
import type { Hit } from '../../../pwa/device/decode/protocol';
import { FORGOTTEN_AFTER, look, start, take, TWICE_WITHIN } from '../../../pwa/device/scan-live';

const CENTRE = { x: 100, y: 100 };
const hit = (text: string, x = 100, y = 100, symbology = 'Code128'): Hit => ({
  text,
  bytes: new Uint8Array(),
  symbology,
  format: symbology,
  corners: [
    { x: x - 20, y: y - 10 },
    { x: x + 20, y: y - 10 },
    { x: x + 20, y: y + 10 },
    { x: x - 20, y: y + 10 },
  ],
});

describe('codes in a live picture', () => {
  it('one is taken at once, and not again while it stays in sight', () => {
    const seen = look(start, [hit('A')], CENTRE, 0);
    expect(seen).toMatchObject({ fresh: ['A'], meant: 'A' });
    let state = take(seen.state, 'A', 0);
    for (let at = 500; at <= 10_000; at += 500) {
      const again = look(state, [hit('A')], CENTRE, at);
      expect(again).toMatchObject({ fresh: [], meant: null });
      state = again.state;
    }
    expect(look(state, [hit('A')], CENTRE, 10_000 + FORGOTTEN_AFTER + 1).meant).toBe('A');
  });
  it.each(['ITF', 'Codabar', 'Code39'])('a weak one (%s) is believed when it was read twice the same', (weak) => {
    const once = look(start, [hit('123456', 100, 100, weak)], CENTRE, 0);
    expect(once).toMatchObject({ fresh: [], meant: null });
    expect(once.spots[0]).toMatchObject({ doubtful: true });
    expect(look(once.state, [hit('123457', 100, 100, weak)], CENTRE, 100).fresh).toEqual([]);
    expect(look(once.state, [hit('123456', 100, 100, weak)], CENTRE, 100).fresh).toEqual(['123456']);
    expect(look(once.state, [hit('123456', 100, 100, weak)], CENTRE, TWICE_WITHIN + 1).fresh).toEqual([]);
  });
  it('of several the one on the centre is meant, or the one that is clearly nearest', () => {
    expect(look(start, [hit('far', 20, 20), hit('on')], CENTRE, 0).meant).toBe('on');
    expect(look(start, [hit('far', 100, 190), hit('near', 100, 130)], CENTRE, 0).meant).toBe('near');
    const unclear = look(start, [hit('left', 60, 130), hit('right', 140, 132)], CENTRE, 0);
    expect(unclear).toMatchObject({ fresh: ['left', 'right'], meant: null });
  });
  it('what lies on the centre and was taken keeps its neighbour from being taken for it', () => {
    const state = take(start, 'on', 0);
    expect(look(state, [hit('on'), hit('beside', 100, 150)], CENTRE, 100).meant).toBeNull();
  });
  it('the same code twice in one picture is one', () => {
    expect(look(start, [hit('A'), hit('A', 100, 150)], CENTRE, 0).fresh).toEqual(['A']);
  });
});

describe('the camera', () => {
  it('shows its middle: what a box of the screen sees is the same part of the picture', () => {
    const screen = { width: 400, height: 400 };
    expect(seenIn({ x: 0, y: 100, width: 400, height: 200 }, screen, { width: 1280, height: 720 })).toEqual({
      x: 280,
      y: 180,
      width: 720,
      height: 360,
    });
    expect(seenIn({ x: 0, y: 0, width: 400, height: 400 }, screen, { width: 720, height: 1280 })).toEqual({
      x: 0,
      y: 280,
      width: 720,
      height: 720,
    });
  });
  it.each([
    ['NotAllowedError', 'refused'],
    ['NotFoundError', 'absent'],
    ['NotReadableError', 'busy'],
    ['TypeError', 'failed'],
  ])('%s: %s', (name, trouble) => {
    const error = Object.assign(new Error(), { name });
    expect(troubleOf(error, true)).toBe(trouble);
    expect(troubleOf(error, false)).toBe('insecure');
  });
});

describe('a reading counts', () => {
  it.each([
    ['ITF', '12', false],
    ['ITF', '123456', true],
    ['Codabar', 'A1B', false],
    ['Code39', 'AB1', false],
    ['QRCode', '1', true],
  ])('%s %s: %s', (symbology, text, is) => {
    expect(counts({ isValid: true, symbology: symbology as 'ITF', text })).toBe(is);
    expect(counts({ isValid: false, symbology: symbology as 'ITF', text })).toBe(false);
  });
});
