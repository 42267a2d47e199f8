import { comparePositions, type Emitter, KinesisConnectorError, systemClock } from "@kinesis-connectors/core";
import { Connections } from "./connection/connections.js";
import type { Bounds, Session } from "./connection/session.js";
import { failureOf, refusal, summaryOf } from "./failures.js";
import { POSITION_MARGIN_HOURS } from "./limits.js";
import { type PostgresEmitterOptions, type Settings, settingsFrom } from "./settings.js";
import { tableName } from "./sql/identifiers.js";
import { lookUp } from "./target/look-up.js";
import type { Target } from "./target/target.js";
import { readPosition } from "./writing/positions.js";
import { PositionCare } from "./writing/position-care.js";
import { rowsOfOthers } from "./writing/rows-of-others.js";
import { writeBatch } from "./writing/write-batch.js";

/** The plan of a batch: where its rows and their position go. A type and not an interface, so that it is plain JSON to the lease row. */
export type PostgresPlan = {
  readonly v: 1;
  readonly batchId: string;
  readonly table: string;
  readonly positions: string;
};

/**
 * Writes each batch into a table of PostgreSQL in one transaction with the position of its shard, so that every row is there once, whatever stops or
 * happens twice: whoever writes of a shard waits for its position, and leaves out what lies at or before it.
 *
 * @example
 * ```ts
 * const emitter = postgresEmitter<Click>({
 *   connection: { host: "db.example.com", database: "shop", user: "writer", password: () => rdsToken() },
 *   table: "public.clicks",
 *   columns: { at: "timestamptz", page: "text", ms: "integer" },
 * });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option; what only the server knows, such as a missing column, is told so by `open`
 */
export function postgresEmitter<Row extends object>(
  options: PostgresEmitterOptions<Row>,
): Emitter<Row, PostgresPlan> {
  const settings = settingsFrom(options);
  const connections = new Connections(settings.connect, settings);
  const targets = new Targets(settings);
  const care = new PositionCare(settings.retentionHours + POSITION_MARGIN_HOURS);

  const inSession = async <Answer>(
    context: Bounds,
    run: (session: Session) => Promise<Answer>,
  ): Promise<Answer> => {
    try {
      return await connections.use(context, run);
    } catch (error) {
      context.signal.throwIfAborted();
      throw outwardly(error);
    }
  };

  return {
    capabilities: { duplicates: "none", ordering: "shard" },

    plan: ({ batchId }) => ({
      v: 1,
      batchId,
      table: settings.table.text,
      positions: settings.positions.text,
    }),

    isWritten: (range, context) =>
      inSession(context, async (session) => {
        const target = await targets.of(session, context.plan, context);
        const position = await readPosition(session, target, range, settings.requestTimeoutMs, context);
        return position !== undefined && comparePositions(position, range.last) >= 0;
      }),

    wouldDouble: (again, { signal }) => {
      const bounds = { signal, clock: systemClock };
      return inSession(bounds, async (session) =>
        rowsOfOthers(session, await targets.of(session, namesOf(settings), bounds), again, bounds),
      );
    },

    emit: async (batch, context) => {
      if (batch.entries.length === 0) return { failed: [] };
      return inSession(context, async (session) => {
        const { plan } = context;
        const target = await targets.of(session, plan, context);
        const lookUpAgain = (): Promise<Target<Row>> => targets.again(session, plan, context);
        const { refused, skipped } = await writeBatch({
          session,
          target,
          lookUpAgain,
          settings,
          batch,
          context,
        });
        if (refused.length === 0) {
          care.tell(batch, skipped, context);
          await care.removeOld(session, target, batch, context);
        }
        return { failed: refused };
      });
    },

    open: async ({ signal, logger }) => {
      const bounds = { signal, clock: systemClock };
      try {
        await inSession(bounds, (session) => targets.of(session, namesOf(settings), bounds));
      } catch (error) {
        if (signal.aborted || KinesisConnectorError.isInstance(error)) throw error;
        // An outage and not a mistake: the first batch waits for its end.
        logger.warn(
          { error: error instanceof Error ? error.message : "" },
          "PostgreSQL does not answer yet; the first batch waits for it",
        );
      }
    },

    close: () => connections.close(),
  };
}

/** What a caller is told: nothing of a row, and what stops a shard as such. */
function outwardly(error: unknown): Error {
  if (KinesisConnectorError.isInstance(error)) return error;
  const failure = failureOf(error);
  return failure.kind === "refused" ? refusal(failure.cure, error) : summaryOf(error);
}

type TargetTexts = Pick<PostgresPlan, "table" | "positions">;

function namesOf<Row>({ table, positions }: Settings<Row>): TargetTexts {
  return { table: table.text, positions: positions.text };
}

/** The tables, each looked up once. A batch goes where it was planned to go, also when the options say something else by now. */
class Targets<Row> {
  readonly #settings: Settings<Row>;
  readonly #found = new Map<string, Target<Row>>();

  constructor(settings: Settings<Row>) {
    this.#settings = settings;
  }

  async of(session: Session, texts: TargetTexts, bounds: Bounds): Promise<Target<Row>> {
    return this.#found.get(keyOf(texts)) ?? (await this.again(session, texts, bounds));
  }

  async again(session: Session, texts: TargetTexts, bounds: Bounds): Promise<Target<Row>> {
    const names = {
      table: tableName("table", texts.table),
      positions: tableName("positions", texts.positions),
    };
    const target = await lookUp(session, this.#settings, names, bounds);
    this.#found.set(keyOf(texts), target);
    return target;
  }
}

function keyOf({ table, positions }: TargetTexts): string {
  return JSON.stringify([table, positions]);
}
