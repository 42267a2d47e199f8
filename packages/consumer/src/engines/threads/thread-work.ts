import type { MessagePort } from "node:worker_threads";

import { checkClientEndpoint } from "@kinesis-connectors/aws";
import { type Logger, silentLogger, systemClock, systemRandom } from "@kinesis-connectors/core";

import {
  createKinesisClient,
  createSubscriptionClient,
  type KinesisClientOptions,
} from "../../kinesis/clients/kinesis-clients.js";
import { EnginesHere } from "../engines-here.js";
import { loadPipeline } from "../pipeline-module.js";
import { kinesisLater } from "../../kinesis/sdk-kinesis.js";
import { carriedError, carryError } from "./carried-error.js";
import { carryEvent } from "./carried-event.js";
import { distantCheckpointer } from "./distant-checkpointer.js";
import { distantLogger, writeLine } from "./log-lines.js";
import type { FromThread, RunMessage, ThreadSetup, ToThread } from "./messages.js";
import { Questions } from "./questions.js";

/** One thread of a connector: its own pipeline, destinations and client; leases and checkpoints are the main thread's. */
export class ThreadWork {
  readonly #port: MessagePort;
  readonly #setup: ThreadSetup;
  readonly #questions: Questions;
  readonly #opening = new AbortController();
  readonly #runs = new Map<number, { readonly stop: AbortController; readonly abort: AbortController }>();
  readonly #closing: (() => void | Promise<void>)[] = [];
  #opened: Promise<void> | undefined;
  #engines:
    | Pick<EnginesHere<unknown, unknown, unknown, unknown>, "run" | "close" | "logger" | "readAheadBytes">
    | undefined;

  constructor(port: MessagePort, setup: ThreadSetup) {
    this.#port = port;
    this.#setup = setup;
    this.#questions = new Questions((message) => this.#tell(message));
  }

  /** Opens the pipeline, and from then on does what it is told. */
  start(): void {
    this.#port.on("message", (message: ToThread) => this.#receive(message));
    this.#opened = this.#open();
  }

  get #readAheadBytes(): number {
    return this.#engines?.readAheadBytes ?? 0;
  }

  #tell(message: FromThread): void {
    // The rule means windows.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    this.#port.postMessage(message);
  }

  #receive(message: ToThread): void {
    switch (message.type) {
      case "run":
        void this.#run(message);
        return;
      case "stop":
        this.#runs.get(message.run)?.stop.abort();
        return;
      case "abort":
        this.#runs.get(message.run)?.abort.abort(carriedError(message.reason));
        return;
      case "abort-open":
        this.#opening.abort(carriedError(message.reason));
        return;
      case "answer":
        this.#questions.answered(message.question, message.value);
        return;
      case "refusal":
        this.#questions.refused(message.question, message.error);
        return;
      case "log":
        if (this.#engines !== undefined) writeLine(this.#engines.logger, message.line);
        return;
      case "ping":
        this.#tell({ type: "pong", readAheadBytes: this.#readAheadBytes });
        return;
      default:
        message satisfies { readonly type: "close" };
        void this.#close();
    }
  }

  /** Never rejects. */
  async #open(): Promise<void> {
    const { module, facts, logsToMain, application, stream, retrieval, untilMs } = this.#setup;
    const { maxReadAheadBytes, onRetentionGap } = this.#setup;
    const { signal } = this.#opening;
    try {
      const pipeline = await loadPipeline(new URL(module));
      signal.throwIfAborted();
      const logger = logsToMain
        ? distantLogger((line) => this.#tell({ type: "log", line }))
        : (pipeline.logger ?? silentLogger);
      const { api, checkEndpoint } = this.#kinesis(logger);
      this.#closing.push(() => api.close());
      await checkEndpoint();
      const engines = new EnginesHere({
        pipeline,
        application,
        stream,
        retrieval,
        untilMs,
        clock: systemClock,
        random: systemRandom,
        maxReadAheadBytes,
        onRetentionGap,
        logger,
      });
      this.#engines = engines;
      // The main thread ends this one where it takes too long.
      this.#closing.unshift(() => engines.close(Number.POSITIVE_INFINITY));
      await engines.open({ api }, facts, signal);
      this.#tell({ type: "opened" });
    } catch (thrown) {
      this.#tell({ type: "open-failed", error: carryError(thrown) });
    }
  }

  #kinesis(logger: Logger) {
    const { region, endpoint, allowInsecure, proxy, wireFormat, asksForCredentials, streamTarget } =
      this.#setup;
    const options: KinesisClientOptions = {
      region,
      endpoint,
      allowInsecure,
      proxy,
      credentials: asksForCredentials
        ? (asked) => this.#questions.ask({ ask: "credentials", isRenewal: asked?.["forceRefresh"] === true })
        : undefined,
      wireFormat,
      onWireFallback: () => this.#tell({ type: "wire-fallback" }),
    };
    const client = createKinesisClient(options, logger);
    const api = kinesisLater(client, streamTarget, {
      ownsClient: true,
      // The main thread has looked at the stream with them.
      hasWorked: true,
      subscriptionClient: () => createSubscriptionClient(options, logger),
    });
    // The environment and the profile of a thread may be its own.
    return {
      api,
      checkEndpoint: async () =>
        checkClientEndpoint(await client.made(), { allowInsecure, service: "KINESIS" }),
    };
  }

  /** Never rejects. */
  async #run({ run, shardId, initialPosition, range, readThroughMs }: RunMessage): Promise<void> {
    const stop = new AbortController();
    const abort = new AbortController();
    this.#runs.set(run, { stop, abort });
    try {
      if (this.#engines === undefined) throw new Error("a shard was to be run before the pipeline was there");
      const outcome = await this.#engines.run({
        shardId,
        initialPosition,
        range,
        readThroughMs,
        checkpointer: distantCheckpointer(this.#questions, run),
        stopSignal: stop.signal,
        abortSignal: abort.signal,
        observe: (event) =>
          this.#tell({ type: "event", run, event: carryEvent(event), readAheadBytes: this.#readAheadBytes }),
        onReadThrough: (throughMs, scannedEnd) =>
          this.#tell({ type: "read-through", run, throughMs, scannedEnd }),
      });
      this.#tell({ type: "outcome", run, outcome, readAheadBytes: this.#readAheadBytes });
    } catch (thrown) {
      this.#tell({
        type: "failure",
        run,
        error: carryError(thrown),
        readAheadBytes: this.#readAheadBytes,
      });
    } finally {
      this.#runs.delete(run);
    }
  }

  /** Never rejects. */
  async #close(): Promise<void> {
    await this.#opened;
    let failure: unknown;
    for (const close of this.#closing.splice(0)) {
      try {
        await close();
      } catch (thrown) {
        failure ??= thrown;
      }
    }
    this.#tell({ type: "closed", ...(failure === undefined ? {} : { error: carryError(failure) }) });
    // Nothing of ours keeps the thread any more; it ends when nothing of the pipeline's does.
    this.#port.unref();
  }
}
