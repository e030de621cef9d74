/** The one place of the desk that speaks HTTP: session cookie, CSRF header, problem documents, time limit. */

/** A request that did not succeed. `status` 0 = the server was not reached (network gone, or no answer in time). */
export class DoorError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    /** Seconds the server asks us to wait, null when it did not say. */
    readonly retryAfter: number | null = null,
    /** Which parts are wrong and why, when the server names them. */
    readonly errors: readonly { field: string; detail: string }[] = [],
  ) {
    super(`${status} ${code}`);
    this.name = 'DoorError';
  }

  /** Worth trying again with the very same body: the answer was lost or the server could not take it now. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export interface Wire {
  (path: string, init: RequestInit): Promise<Response>;
}

/** Longest wait for an answer, ms. */
const PATIENCE = 15_000;
/** The same for a file on its way up, ms. */
const LONG_PATIENCE = 300_000;

type Method = 'POST' | 'PUT' | 'DELETE';

interface ProblemDocument {
  code?: unknown;
  detail?: unknown;
  title?: unknown;
  errors?: unknown;
}

async function problemOf(response: Response): Promise<DoorError> {
  const document = await response.json().then(
    (body) => body as ProblemDocument,
    (): ProblemDocument => ({}),
  );
  const code = typeof document.code === 'string' ? document.code : `http_${response.status}`;
  const said = document.detail ?? document.title;
  const wait = Number(response.headers.get('retry-after'));
  return new DoorError(
    response.status,
    code,
    typeof said === 'string' ? said : '',
    Number.isFinite(wait) && wait > 0 ? wait : null,
    Array.isArray(document.errors) ? (document.errors as DoorError['errors']) : [],
  );
}

export class Door {
  /** Token of the session; set by whoever logs in. */
  csrf: string | null = null;
  /** Asked for a fresh token once when the server says the old one is stale. */
  refresh: (() => Promise<void>) | null = null;
  /** Told when the server knows no session any longer. */
  ended: (() => void) | null = null;

  constructor(private readonly wire: Wire) {}

  /** GET as text: callers compare it with what they hold, so that an unchanged answer costs no redraw. */
  async text(path: string, signal?: AbortSignal): Promise<string> {
    const response = await this.call(path, { method: 'GET', cache: 'no-cache' }, PATIENCE, signal);
    return response.text();
  }

  async get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return JSON.parse(await this.text(path, signal)) as T;
  }

  send<T>(method: Method, path: string, body?: unknown): Promise<T> {
    const json = body === undefined ? null : JSON.stringify(body);
    return this.put<T>(method, path, json, json === null ? {} : { 'content-type': 'application/json' }, PATIENCE);
  }

  /** A file, as it is. A big one may take its time. */
  upload<T>(path: string, file: Blob, headers: Record<string, string> = {}): Promise<T> {
    const type = file.type === '' ? 'application/octet-stream' : file.type;
    return this.put<T>('POST', path, file, { 'content-type': type, ...headers }, LONG_PATIENCE);
  }

  private async put<T>(
    method: Method,
    path: string,
    body: BodyInit | null,
    said: Record<string, string>,
    patience: number,
  ): Promise<T> {
    const attempt = () => {
      const headers = { ...said };
      if (this.csrf !== null) headers['x-csrf-token'] = this.csrf;
      return this.call(path, { method, headers, body }, patience);
    };
    let response: Response;
    try {
      response = await attempt();
    } catch (error) {
      const stale = error instanceof DoorError && error.status < 500 && error.code.includes('csrf');
      if (!stale || this.refresh === null) throw error;
      await this.refresh();
      response = await attempt();
    }
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  private async call(path: string, init: RequestInit, patience: number, given?: AbortSignal): Promise<Response> {
    let response: Response;
    const late = AbortSignal.timeout(patience);
    try {
      response = await this.wire(path, {
        credentials: 'same-origin',
        ...init,
        signal: given === undefined ? late : AbortSignal.any([late, given]),
      });
    } catch {
      throw new DoorError(0, 'unreachable', '');
    }
    if (response.status === 401) this.ended?.();
    if (!response.ok) throw await problemOf(response);
    return response;
  }
}

/** Any failure as a DoorError, so that screens have one thing to show. */
export function asDoorError(error: unknown): DoorError {
  return error instanceof DoorError ? error : new DoorError(0, 'unexpected', String(error));
}
