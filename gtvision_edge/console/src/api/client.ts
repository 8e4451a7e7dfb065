import { slowTurns } from "../player/turns";
import { failureOf, LinkDown, Problem } from "./problem";
import type { Session } from "./types";

export interface RequestOptions {
  body?: unknown;
  signal?: AbortSignal;
  /** How long an answer may take. One that may take long waits its turn, so that the short ones get through. */
  timeoutMs?: number;
  /** Whether it is a picture: one that does not come says nothing about the daemon. */
  isPicture?: boolean;
}

export interface ClientHooks {
  /** A login is needed; resolves when somebody has logged in. Shared by all callers. */
  askLogin(): Promise<void>;
  /** An answer came, whatever it says. */
  answered(): void;
  /** No answer came. */
  unanswered(): void;
  /** Nothing is answered until the provisional password is changed. */
  mustChangePassword(): void;
  /** The session was renewed. */
  renewed(session: Session): void;
}

export type Fetch = (input: string, init: RequestInit) => Promise<Response>;

const BASE = "/api/v1";
const TIMEOUT_MS = 8_000;
const GATEWAY = new Set([502, 503, 504]);

/**
 * Talks to the API with the session cookie.
 *
 * A 401 renews the session once, for all callers together, and the call is made again. Only a refused
 * renewal asks for a login; a timeout, a 5xx or a lost network never does.
 */
export class Client {
  #renewal: Promise<void> | null = null;

  constructor(
    private readonly hooks: ClientHooks,
    private readonly fetch: Fetch = (input, init) => globalThis.fetch(input, init),
  ) {}

  get<T>(path: string, options?: RequestOptions): Promise<T> {
    return this.call<T>("GET", path, options);
  }

  post<T>(path: string, body?: unknown, options?: RequestOptions): Promise<T> {
    return this.call<T>("POST", path, { ...options, body });
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.call<T>("PATCH", path, { body });
  }

  put<T>(path: string, body: unknown, options?: RequestOptions): Promise<T> {
    return this.call<T>("PUT", path, { ...options, body });
  }

  delete<T = void>(path: string): Promise<T> {
    return this.call<T>("DELETE", path);
  }

  /** Read every page of a list. */
  async all<T>(path: string): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? "" : `${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}`;
      const page: { items: T[]; next?: string | null } = await this.get(path + query);
      items.push(...page.items);
      cursor = page.next ?? null;
    } while (cursor !== null);
    return items;
  }

  /** The response itself, for pictures. */
  async response(path: string, signal?: AbortSignal): Promise<Response> {
    return this.exchange("GET", path, { isPicture: true, ...(signal && { signal }) });
  }

  /** Log in; a wrong password is a Problem like any other and asks nobody. */
  async login(username: string, password: string): Promise<Session> {
    const response = await this.send("POST", "/auth/login", { body: { username, password } });
    if (!response.ok) throw await failureOf(response);
    return (await response.json()) as Session;
  }

  /** Renew the session now; callers at the same moment share one request. */
  renew(): Promise<void> {
    this.#renewal ??= this.renewOnce().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  private async call<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const response = await this.exchange(method, path, options);
    if (response.status === 204) return undefined as T;
    return (await response.json()) as T;
  }

  private async exchange(method: string, path: string, options: RequestOptions): Promise<Response> {
    let response = await this.send(method, path, options);
    if (response.status === 401) {
      await this.renew();
      response = await this.send(method, path, options);
    }
    if (response.ok) return response;
    const failure = await failureOf(response);
    if (failure instanceof Problem && failure.code === "password_change_required") this.hooks.mustChangePassword();
    throw failure;
  }

  private async renewOnce(): Promise<void> {
    const response = await this.send("POST", "/auth/refresh", {});
    if (response.ok) {
      this.hooks.renewed((await response.json()) as Session);
      return;
    }
    const failure = await failureOf(response);
    if (failure instanceof Problem && (response.status === 401 || response.status === 403)) {
      await this.hooks.askLogin();
      return;
    }
    throw failure;
  }

  private async send(method: string, path: string, options: RequestOptions): Promise<Response> {
    if ((options.timeoutMs ?? 0) <= TIMEOUT_MS) return this.sendNow(method, path, options);
    const leave = await slowTurns.wait(options.signal);
    try {
      return await this.sendNow(method, path, options);
    } finally {
      leave();
    }
  }

  private async sendNow(method: string, path: string, options: RequestOptions): Promise<Response> {
    const limit = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
    const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit]);
    const init: RequestInit = { method, signal, credentials: "same-origin", headers: { Accept: "application/json" } };
    if (options.body !== undefined) {
      init.body = JSON.stringify(options.body);
      init.headers = { ...init.headers, "Content-Type": "application/json" };
    }
    let response: Response;
    try {
      response = await this.fetch(BASE + path, init);
    } catch (error) {
      if (options.signal?.aborted) throw error;
      if (!options.isPicture) this.hooks.unanswered();
      throw new LinkDown(error instanceof Error ? error.message : String(error));
    }
    // Without our words these come from a proxy in front of a daemon that is gone.
    if (!GATEWAY.has(response.status) || isOurs(response)) this.hooks.answered();
    else if (!options.isPicture) this.hooks.unanswered();
    return response;
  }
}

function isOurs(response: Response): boolean {
  return (response.headers.get("Content-Type") ?? "").includes("json");
}
