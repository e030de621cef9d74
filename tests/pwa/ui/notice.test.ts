import { describe, expect, it } from 'vitest';
import { notificationOf, plain, readNotice, targetOf, type Notice } from '../../../pwa/ui/notice';
import { keyBytes, subscribeWithin, within } from '../../../pwa/ui/subscribe';

const notice: Notice = {
  id: '1',
  kind: 'delivered',
  lang: 'zh',
  tag: 'task-1',
  url: '/t/abc',
  title: '包裹已签收',
  body: '尾号 0001 的包裹。',
};

describe('a push as a notification', () => {
  it('is shown in the words the server chose, and replaces the one of the same tag', () => {
    const { title, options } = notificationOf(readNotice(JSON.stringify(notice)) as Notice);
    expect(title).toBe('包裹已签收');
    expect(options).toMatchObject({
      body: '尾号 0001 的包裹。',
      tag: 'task-1',
      renotify: true,
      lang: 'zh-CN',
      data: { id: '1', kind: 'delivered', url: '/t/abc' },
    });
  });

  it.each([
    undefined,
    null,
    '',
    'not json',
    'null',
    '[]',
    '7',
    '{}',
    JSON.stringify({ ...notice, kind: 'advert' }),
    JSON.stringify({ ...notice, title: 7 }),
    JSON.stringify({ ...notice, body: 'x'.repeat(401) }),
    JSON.stringify({ ...notice, url: 'https://evil.example/' }),
    JSON.stringify({ ...notice, url: '//evil.example/' }),
    JSON.stringify({ ...notice, url: '/\\evil.example/' }),
    JSON.stringify({ ...notice, url: 'javascript:alert(1)' }),
  ])('%s is no notice of ours', (text) => {
    expect(readNotice(text)).toBeNull();
  });

  it('shows something neutral for what it cannot read', () => {
    expect(notificationOf(plain('/#/')).options.data.url).toBe('/#/');
    expect(readNotice(JSON.stringify({ ...notice, lang: 'fr' }))?.lang).toBe('zh');
  });

  it('leads to a path of our own, else home', () => {
    expect(targetOf({ url: '/#/task/1' }, '/#/')).toBe('/#/task/1');
    for (const data of [null, undefined, {}, { url: 7 }, { url: 'https://evil.example' }, { url: '//evil.example' }]) {
      expect(targetOf(data, '/#/')).toBe('/#/');
    }
  });
});

describe('subscribing', () => {
  const key = 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4';

  function manager(held: { key: Uint8Array<ArrayBuffer> } | null, subscribe: () => Promise<unknown>) {
    const done: string[] = [];
    const known = held && {
      options: { applicationServerKey: held.key.buffer },
      unsubscribe: async () => done.push('unsubscribed') > 0,
    };
    return {
      done,
      getSubscription: async () => known,
      subscribe: async () => {
        done.push('subscribed');
        return subscribe();
      },
    };
  }

  it('ends when there is no push service, which otherwise hangs for ever', async () => {
    const hung = manager(null, () => new Promise(() => undefined));
    await expect(subscribeWithin(hung as unknown as PushManager, key, 30)).rejects.toThrow('timeout');
  });

  it('keeps a subscription for our key and gives up one for another', async () => {
    const same = manager({ key: keyBytes(key) }, async () => 'fresh');
    await subscribeWithin(same as unknown as PushManager, key, 1_000);
    expect(same.done).toEqual([]);
    const other = manager({ key: new Uint8Array(65) }, async () => 'fresh');
    expect(await subscribeWithin(other as unknown as PushManager, key, 1_000)).toBe('fresh');
    expect(other.done).toEqual(['unsubscribed', 'subscribed']);
  });

  it('reads the key as the 65 bytes of a point', () => {
    expect(keyBytes(key)).toHaveLength(65);
    expect(keyBytes(key)[0]).toBe(4);
  });

  it('hands an early error on', async () => {
    await expect(within(Promise.reject(new Error('no')), 1_000)).rejects.toThrow('no');
  });
});
