import { asError, errorFields, guardedObserver } from "@kinesis-connectors/core";
import { Emitters } from "./emitters.js";
import { Journal } from "./journal.js";
import { KclChild } from "./kcl-child.js";
import { childSettings, type KclChildOptions } from "./options.js";
import { Daemon } from "./protocol/daemon.js";
import { stdioLink } from "./protocol/stdio-link.js";

/**
 * Runs a pipeline as the child of the Java MultiLangDaemon, which starts a process like this one for each shard that it has: the daemon leases, reads and
 * takes aggregates apart, and the pipeline delivers each record exactly once by a journal of its own, a DynamoDB table `<application>-journal`. Resolves
 * when the daemon has nothing more to say or is gone; the process should then come to its end by itself, because the daemon waits for that.
 *
 * From the call on, standard output belongs to the daemon's protocol: `console.log` and whatever else is written to it goes to standard error.
 *
 * @example
 * ```ts
 * await runKclChild({ application: "click-archive", stream: "clicks", pipeline: archive, logger: console });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`; `KC_REPLAY_DIFFERS` when the daemon is further than the journal; `KC_DAEMON_BROKEN` when something
 * else than a daemon speaks; `KC_LEASE_TABLE`, `KC_STEERING_REFUSED`, and what stops a shard: the process should end with it, so that the daemon ends as
 * well and somebody looks
 */
export async function runKclChild<Model, Output, Plan = undefined, DeadLetterPlan = undefined>(
  options: KclChildOptions<Model, Output, Plan, DeadLetterPlan>,
): Promise<void> {
  const settings = childSettings(options);
  const { pipeline, link = stdioLink(process) } = options;
  const { clock, logger, observe } = settings;
  const daemon = new Daemon(link, { clock, logger });
  const journal = new Journal(settings);
  const emitters = new Emitters([pipeline.emitter, pipeline.deadLetters], { logger, clock });
  const told = guardedObserver(observe, () => logger);
  try {
    await new KclChild({ pipeline, settings, daemon, journal, emitters, observe: told }).serve();
  } catch (thrown) {
    logger.error(
      errorFields(asError(thrown)),
      "the child of the daemon ends with an error, and the daemon with it",
    );
    throw thrown;
  } finally {
    link.close();
    await emitters.close();
    journal.close();
  }
}
