import type { ConsoleReset, ConsoleState } from "../../src/index.js";
import { History } from "./history.js";
import { type Row, rowsOf } from "./rows.js";
import { type Verdict, verdictOf } from "./verdict.js";

/** How the page stands with its server. */
type Link =
  | { readonly type: "connecting" }
  | { readonly type: "connected" }
  | { readonly type: "lost"; readonly sinceMs: number }
  | { readonly type: "token-wanted"; readonly wasRefused: boolean };

/** Everything that is drawn. */
export interface View {
  readonly link: Link;
  readonly applications: readonly string[];
  readonly state: ConsoleState | undefined;
  readonly rows: readonly Row[];
  readonly verdict: Verdict | undefined;
  readonly history: History;
}

/** What is done outside: the network and the clock. */
export interface WatchOutside {
  readonly fetch: (path: string, init: RequestInit) => Promise<Response>;
  readonly now: () => number;
  readonly later: (afterMs: number, call: () => void) => () => void;
}

/** A request that the server did not serve, in its own words. */
export class ServerRefusal extends Error {
  override readonly name = "ServerRefusal";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const PERIOD_MS = 2_000;
const TIMEOUT_MS = 10_000;

/** Asks the server every other second, and tells what has changed. Holds the token, in memory alone. */
export class Watch {
  readonly #outside: WatchOutside;
  readonly #changed: (view: View) => void;
  #token: string | undefined;
  #view: View = {
    link: { type: "connecting" },
    applications: [],
    state: undefined,
    rows: [],
    verdict: undefined,
    history: new History(),
  };
  #application: string | undefined;
  #stopWaiting: (() => void) | undefined;
  #isAsking = false;

  constructor(outside: WatchOutside, token: string | undefined, changed: (view: View) => void) {
    this.#outside = outside;
    this.#token = token;
    this.#changed = changed;
  }

  get view(): View {
    return this.#view;
  }

  get application(): string | undefined {
    return this.#application;
  }

  /** Asks now, and then again and again. */
  async look(): Promise<void> {
    this.#stopWaiting?.();
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      await this.#ask();
    } catch (thrown) {
      this.#failed(thrown);
    } finally {
      this.#isAsking = false;
      this.#stopWaiting = this.#outside.later(PERIOD_MS, () => void this.look());
    }
  }

  /** Another application of the same server. */
  choose(application: string): void {
    if (application === this.#application) return;
    this.#application = application;
    this.#show({ state: undefined, rows: [], verdict: undefined, history: new History() });
    void this.look();
  }

  useToken(token: string): void {
    this.#token = token;
    this.#show({ link: { type: "connecting" } });
    void this.look();
  }

  /** Pause and resume; the next look shows what became of it. */
  async steer(verb: "pause" | "resume", shardIds: readonly string[] | undefined): Promise<void> {
    await this.#post(verb, shardIds === undefined ? {} : { shardIds });
    void this.look();
  }

  async reset(body: {
    readonly shardIds: readonly string[] | undefined;
    readonly to: unknown;
    readonly discardPending: boolean;
    readonly execute: boolean;
  }): Promise<ConsoleReset> {
    const { shardIds, ...rest } = body;
    const answer = await this.#post("reset", { ...rest, ...(shardIds === undefined ? {} : { shardIds }) });
    if (body.execute) void this.look();
    return answer as ConsoleReset;
  }

  async #ask(): Promise<void> {
    if (this.#application === undefined) {
      const { connectors } = (await this.#json("api/v1/connectors")) as {
        readonly connectors: readonly { readonly name: string }[];
      };
      const applications = connectors.map(({ name }) => name);
      this.#application = applications[0];
      this.#show({ applications });
      if (this.#application === undefined) return;
    }
    const application = this.#application;
    const state = (await this.#json(`${pathOf(application)}/console`)) as ConsoleState;
    // Another one was chosen meanwhile.
    if (application !== this.#application) return;
    const rows = rowsOf(state);
    const { history } = this.#view;
    history.note(state, rows);
    this.#show({ link: { type: "connected" }, state, rows, verdict: verdictOf(state, rows) });
  }

  #failed(thrown: unknown): void {
    if (thrown instanceof ServerRefusal && thrown.status === 401) {
      this.#show({ link: { type: "token-wanted", wasRefused: thrown.code === "token-refused" } });
      return;
    }
    const { link } = this.#view;
    if (link.type !== "lost") this.#show({ link: { type: "lost", sinceMs: this.#outside.now() } });
    else this.#show({});
  }

  async #post(verb: string, body: object): Promise<unknown> {
    const application = this.#application;
    if (application === undefined) throw new Error("no application is chosen yet");
    return await this.#json(`${pathOf(application)}/${verb}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      // Finding out that an owner is dead takes a failover time, and more.
      timeoutMs: 120_000,
    });
  }

  async #json(
    path: string,
    { timeoutMs = TIMEOUT_MS, headers, ...init }: RequestInit & { readonly timeoutMs?: number } = {},
  ): Promise<unknown> {
    const over = new AbortController();
    const cancel = this.#outside.later(timeoutMs, () => over.abort());
    try {
      const answer = await this.#outside.fetch(path, {
        ...init,
        signal: over.signal,
        headers: {
          ...(headers as Record<string, string> | undefined),
          ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
        },
      });
      const body: unknown = await answer.json();
      if (answer.ok) return body;
      const { code = "failed", message = `HTTP ${answer.status}` } =
        (body as { readonly error?: { readonly code?: string; readonly message?: string } }).error ?? {};
      throw new ServerRefusal(answer.status, code, message);
    } finally {
      cancel();
    }
  }

  #show(change: Partial<View>): void {
    this.#view = { ...this.#view, ...change };
    this.#changed(this.#view);
  }
}

function pathOf(application: string): string {
  return `api/v1/connectors/${encodeURIComponent(application)}`;
}
