/** The decoder as the page has it: pictures go in, codes come out; one worker for as long as the app is open. */
import wasm from 'zxing-wasm/reader/zxing_reader.wasm?url';
import type { Pass } from './passes';
import type { Ask, Hit, Reply } from './protocol';
import DecodeWorker from './decode-worker?worker';

export { isWeak, LOOKS, QUICK } from './passes';
export type { Hit, Point } from './protocol';

/** The decoder could not be had or fell over; `message` says why, for the log. */
export class DecodeError extends Error {}

type Waiting = { resolve: (hits: Hit[]) => void; reject: (error: Error) => void };

export class Decoder {
  #worker: Worker | null = null;
  #waiting = new Map<number, Waiting>();
  #next = 1;

  /** Loads worker and wasm, so that the first picture does not wait for them. */
  ready(): Promise<unknown> {
    return this.#ask({});
  }

  /** The picture is handed over: it cannot be used afterwards. `passes` as in the protocol: left out, it is read thoroughly. */
  read(image: ImageBitmap, passes?: readonly Pass[]): Promise<Hit[]> {
    return this.#ask({ image, passes });
  }

  stop(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#fail('stopped');
  }

  #ask(ask: Pick<Ask, 'image' | 'passes'>): Promise<Hit[]> {
    const worker = (this.#worker ??= this.#start());
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ ...ask, id, wasm: new URL(wasm, location.href).href }, ask.image ? [ask.image] : []);
    });
  }

  #start(): Worker {
    const worker = new DecodeWorker({ name: 'decode' });
    worker.addEventListener('message', (event: MessageEvent<Reply>) => this.#told(event.data));
    worker.addEventListener('error', (event) => {
      this.#worker = null;
      this.#fail(event.message || 'the decoder did not load');
    });
    return worker;
  }

  #told(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('hits' in reply) waiting?.resolve(reply.hits);
    else waiting?.reject(new DecodeError(reply.error));
  }

  #fail(why: string): void {
    for (const { reject } of this.#waiting.values()) reject(new DecodeError(why));
    this.#waiting.clear();
  }
}
