import { beforeEach, describe, expect, it, vi } from 'vitest';
import { SubmitError, type BlobInput, type Draft, type Engine, type Envelope } from '../../../pwa/engine';

vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
vi.stubGlobal('navigator', { language: 'en', vibrate: () => true });

const { saveWithPhotos, guarded, saved } = await import('../../../pwa/courier/saved');
const { session } = await import('../../../pwa/courier/session.svelte');
const { toasts } = await import('../../../pwa/ui/toast.svelte');
const { language } = await import('../../../pwa/ui/i18n.svelte');

const refused = (code: string): SubmitError => new SubmitError([{ code, field: '', detail: '' }]);
const photo = new Uint8Array([1]);
const work = (photos: Uint8Array[]): { drafts: Draft[]; blobs: BlobInput[] } => ({
  drafts: [{ type: 'task.delivered', entity: 'task:t', payload: { photos: photos.map((_, at) => `blob:${at}`) } }],
  blobs: photos.map((bytes) => ({ bytes, type: 'image/jpeg' })),
});

/** What the engine was asked to save, and how it answers: a code refuses. */
let asked: { drafts: Draft[]; blobs: BlobInput[] }[];
let answers: (string | null)[];

beforeEach(() => {
  asked = [];
  answers = [];
  language.set('en', false);
  toasts.dismiss();
  vi.spyOn(session, 'submit').mockImplementation(async (drafts: Draft[], blobs: BlobInput[] = []) => {
    asked.push({ drafts, blobs });
    const code = answers.shift() ?? null;
    if (code) throw refused(code);
    return [{ op_id: 'op', entity: 'task:t' }] as Envelope[];
  });
  vi.spyOn(session, 'engine', 'get').mockReturnValue({} as Engine);
});

describe('after a save', () => {
  it('the toast says so and offers to take it back', async () => {
    await saveWithPhotos(work, [photo], { text: 'Delivery saved' });
    expect(toasts.current).toMatchObject({ text: 'Delivery saved' });
    toasts.undo();
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    expect(asked[1]?.drafts[0]).toMatchObject({ type: 'operation.corrected', payload: { corrects: 'op' } });
  });
  it('the toast follows a switch of the language while it stands', () => {
    saved({ text: () => language.current });
    expect(toasts.current?.text).toBe('en');
    language.set('zh', false);
    expect(toasts.current?.text).toBe('zh');
  });
  it('there is nothing to take back where nothing was written', () => {
    saved({ text: 'x', undo: [] });
    expect(toasts.current?.undo).toBeUndefined();
  });
});

describe('a full disk (P13)', () => {
  it('costs the photos, never the sign-off, and says both', async () => {
    answers = ['quota'];
    expect(await guarded(() => saveWithPhotos(work, [photo], { text: 'Delivery saved' }))).toBe(true);
    expect(asked.map((one) => one.blobs.length)).toEqual([1, 0]);
    expect(toasts.current).toMatchObject({ tone: 'warn', text: 'The photo was not kept (storage full)' });
    expect(toasts.current?.detail).toContain('Delivery saved.');
    toasts.undo();
    await vi.waitFor(() => expect(asked[2]?.drafts[0]).toMatchObject({ type: 'operation.corrected' }));
  });
  it('without photos to give up is told as not saved', async () => {
    answers = ['quota'];
    expect(await guarded(() => saveWithPhotos(work, [], { text: 'Delivery saved' }))).toBe(false);
    expect(toasts.current).toMatchObject({ tone: 'bad', text: 'Not saved' });
    expect(toasts.current?.detail).toContain('storage is full');
  });
});

describe('a refusal', () => {
  it.each([
    ['cod_unsettled', 'money has not been collected'],
    ['invalid_payload', 'was not stored'],
  ])('%s is said in words, with what is safe', async (code, words) => {
    answers = [code];
    expect(await guarded(() => saveWithPhotos(work, [], { text: 'x' }))).toBe(false);
    expect(toasts.current?.detail).toContain(words);
  });
  it('that is none of ours is not swallowed silently either', async () => {
    expect(await guarded(() => Promise.reject(new Error('boom')))).toBe(false);
    expect(toasts.current?.text).toBe('Not saved');
  });
});
