import { describe, expect, it } from 'vitest';
import { isFixed, markOf, standingOf, troubleOf } from '../../../pwa/courier/push/model';
import { Refusal, Unreachable } from '../../../pwa/engine/transport';

const able = { supported: true, apple: false, permission: 'granted', known: true } as const;

describe('being told while the app is closed', () => {
  it.each([
    [able, 'on'],
    [{ ...able, known: false }, 'off'],
    [{ ...able, permission: 'default' }, 'off'],
    [{ ...able, permission: 'denied' }, 'blocked'],
    [{ ...able, supported: false }, 'unsupported'],
    [{ ...able, supported: false, apple: true }, 'install'],
  ] as const)('%j stands at %s', (facts, standing) => {
    expect(standingOf(facts)).toBe(standing);
  });

  it('offers no switch where none can work', () => {
    expect(['unsupported', 'install'].every((one) => isFixed(one as 'install'))).toBe(true);
    expect(isFixed('blocked')).toBe(false);
  });

  it.each([
    [new Error('timeout'), 'timeout'],
    [new DOMException('Registration failed - push service not available', 'AbortError'), 'timeout'],
    [new DOMException('denied', 'NotAllowedError'), 'blocked'],
    [new Refusal(422, 'push_endpoint_refused', null), 'refused'],
    [new Refusal(500, 'internal', null), 'failed'],
    [new Unreachable('no answer'), 'offline'],
    [new TypeError('odd'), 'failed'],
  ] as const)('%s is said as %s', (error, standing) => {
    expect(troubleOf(error)).toBe(standing);
  });

  it('tells the server again when browser, courier or language are others', () => {
    const marks = [markOf('a', 'u', 'zh'), markOf('b', 'u', 'zh'), markOf('a', 'v', 'zh'), markOf('a', 'u', 'en')];
    expect(new Set(marks).size).toBe(4);
    expect(markOf('a', 'u', 'zh')).toBe(marks[0]);
  });
});
