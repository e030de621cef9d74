/**
 * The one door between the engine and the machine it runs on.
 *
 * The engine never reads a clock, rolls a dice, opens a socket or touches storage by itself: it asks its Platform. That is
 * what lets the very same engine run in a browser, in Node for the real day, and under a simulator that owns time and chance.
 * This file holds types only and imports nothing, so that `device`, `store` and `engine` may all know it.
 */

/** A request as the engine makes it. `path` is the engine's baseUrl followed by an absolute path. */
export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD';
  path: string;
  headers: Record<string, string>;
  body: Uint8Array | null;
}

/** An answer; header names are lower case. A request that got no answer rejects instead. */
export interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

/** Where the device was, coordinates in 1e-7 degrees, and how long ago. */
export interface Fix {
  lat_e7: number;
  lng_e7: number;
  accuracy_m: number;
  age_ms: number;
}

/** What there is of the room kept for work. */
export type Room = 'all' | 'some' | 'none';

export interface Platform {
  /** Wall clock, ms since the epoch, UTC. May jump; never used to order anything. */
  now(): number;
  /** Monotonic clock, whole ms since some point that is fixed while `boot` stays the same. */
  mono(): number;
  /** UUID of the present run of the monotonic clock. */
  boot: string;
  /** `n` unpredictable bytes. */
  random(n: number): Uint8Array;
  /** SHA-256 as lower-case hex; only called before a transaction opens. */
  hash(bytes: Uint8Array): string | Promise<string>;
  gzip(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
  timers: { set(ms: number, fn: () => void): number; clear(id: number): void };
  fetch(request: HttpRequest): Promise<HttpAnswer>;
  locks: {
    /**
     * Runs `fn` while no other tab, worker or engine on the same storage runs one under the same name. Rejects when `givenUp`
     * resolves before its turn has come.
     */
    run<T>(name: string, fn: () => Promise<T>, givenUp?: Promise<void>): Promise<T>;
    /** Takes the lock from whoever holds it, and runs `fn`. Absent where a holder cannot freeze. */
    steal?<T>(name: string, fn: () => Promise<T>): Promise<T>;
  };
  storage: {
    factory: IDBFactory;
    name: string;
    /** Asks that the browser never evicts this storage; true when granted. */
    persist?(): Promise<boolean>;
    /** Room kept free for what is recorded; absent where it cannot be kept. Both reject when the storage does not let them. */
    reserve?: {
      /** Takes the room as far as there is any. */
      fill(): Promise<void>;
      /** Gives a piece of it back to be written on; false when all of it is gone. */
      give(): Promise<boolean>;
      /** How much of it there is: some is given away, or was never to be had. All of it before it was first asked for. */
      left(): Promise<Room>;
    };
  };
  signals?: {
    onOnline(fn: () => void): () => void;
    onVisible(fn: () => void): () => void;
    /** Asks the system to wake the app when there is a network again, even a closed one. Absent where it cannot. */
    askToWake?(): void;
  };
  /** Absent where a device cannot know where it is. */
  location?: {
    /** On while a shift is open; off, the last fix is forgotten. A person may be asked for permission when it goes on. */
    watch(on: boolean): void;
    /** The last fix, null when there is none. Never waits for one. */
    last(): Fix | null;
  };
  log(level: 'debug' | 'info' | 'warn' | 'error', event: string, data?: Record<string, unknown>): void;
  /** Named points at which a test or the simulator may stop the engine by throwing. Nothing happens in production. */
  failpoint(name: string): void;
}
