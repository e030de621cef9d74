/** The one place of the desk that speaks HTTP: session cookie, CSRF header, problem documents, time limit. */

/** A request that did not succeed. `status` 0 = the server was not reached (network gone, or no answer in time). */
export class DoorError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    /** Seconds the server asks us to wait, null when it did not say. */
    readonly retryAfter: number | null = null,
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

interface ProblemDocument {
  code?: unknown;
  detail?: unknown;
  title?: unknown;
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
  );
}

export class Door {
  /** Token of the session; set by whoever logs in. */
  csrf: string | null = null;
  /** Asked for a fresh token once when the server says the old one is stale. */
  refresh: (() => Promise<void>) | null = null;

  constructor(private readonly wire: Wire) {}

  /** GET as text: callers compare it with what they hold, so that an unchanged answer costs no redraw. */
  async text(path: string): Promise<string> {
    const response = await this.call(path, { method: 'GET', cache: 'no-cache' });
    return response.text();
  }

  async get<T>(path: string): Promise<T> {
    return JSON.parse(await this.text(path)) as T;
  }

  async send<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T> {
    const attempt = () => {
      const headers: Record<string, string> = {};
      if (body !== undefined) headers['content-type'] = 'application/json';
      if (this.csrf !== null) headers['x-csrf-token'] = this.csrf;
      return this.call(path, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
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

  private async call(path: string, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await this.wire(path, {
        credentials: 'same-origin',
        ...init,
        signal: AbortSignal.timeout(PATIENCE),
      });
    } catch {
      throw new DoorError(0, 'unreachable', '');
    }
    if (!response.ok) throw await problemOf(response);
    return response;
  }
}

/** Any failure as a DoorError, so that screens have one thing to show. */
export function asDoorError(error: unknown): DoorError {
  return error instanceof DoorError ? error : new DoorError(0, 'unexpected', String(error));
}
