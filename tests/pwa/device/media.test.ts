import { describe, expect, it } from 'vitest';
import { fit } from '../../../pwa/device/photo';
import { buzzes, tones } from '../../../pwa/device/sound';

describe('a photo is made to fit', () => {
  it('by its longest side, upright or not, never enlarged', () => {
    expect(fit(4000, 3000)).toEqual({ width: 1280, height: 960 });
    expect(fit(3000, 4000)).toEqual({ width: 960, height: 1280 });
    expect(fit(640, 480)).toEqual({ width: 640, height: 480 });
    expect(fit(9000, 1)).toEqual({ width: 1280, height: 1 });
  });
});

describe('cues can be told apart without looking', () => {
  it('each sounds and feels like no other', () => {
    const sounds = Object.values(tones).map((tone) => JSON.stringify(tone));
    expect(new Set(sounds).size).toBe(sounds.length);
    const felt = ['mine', 'other_route', 'duplicate', 'unknown', 'signed', 'recalled'].map((cue) =>
      buzzes[cue as keyof typeof buzzes].join(),
    );
    expect(new Set(felt).size).toBe(felt.length);
  });
  it('mine is one short high tick with 20 ms, not mine two low tones with 200 ms', () => {
    expect(tones.mine).toHaveLength(1);
    expect(buzzes.mine).toEqual([20]);
    expect(tones.other_route).toHaveLength(2);
    expect(tones.other_route.every((tone) => tone.pitch < 300)).toBe(true);
    expect(buzzes.other_route).toEqual([200]);
  });
});
