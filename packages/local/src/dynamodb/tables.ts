import type { Clock } from "../clock.js";
import type { Engine, Json } from "./engine.js";
import { DynamoDbError, validationError } from "./errors.js";
import type { Gate } from "./gate.js";

/** What this front knows of a table beyond dynalite. */
interface TableExtras {
  deletionProtection: boolean;
  pointInTimeRecovery: boolean;
  timeToLiveAttribute: string | undefined;
  sweptAtMs: number;
}

/** Tables with deletion protection, time to live and backups' description. */
export interface Tables {
  /** Runs a table operation, or gives nothing when it is none of this file's. */
  readonly answer: (operation: string, input: Json) => Promise<Json> | undefined;
  /** Removes the expired items of a table when the clock says it is time; to be called before a table is used. */
  readonly sweep: (table: string) => Promise<void>;
  /** Names of the key attributes of a table. */
  readonly keyNames: (table: string) => Promise<readonly string[]>;
}

/** DynamoDB removes expired items "within a few days"; here it is this long, on the injected clock. */
const SWEEP_EVERY_MS = 1_000;

/** Starts without tables. */
export function createTables(engine: Engine, gate: Gate, clock: Clock): Tables {
  const extras = new Map<string, TableExtras>();
  const keys = new Map<string, readonly string[]>();
  const extrasOf = (name: string): TableExtras => {
    const known = extras.get(name) ?? {
      deletionProtection: false,
      pointInTimeRecovery: false,
      timeToLiveAttribute: undefined,
      sweptAtMs: Number.NEGATIVE_INFINITY,
    };
    extras.set(name, known);
    return known;
  };
  const described = (answer: Json, field: "Table" | "TableDescription", name: string): Json => ({
    ...answer,
    [field]: {
      ...(answer[field] as Json),
      DeletionProtectionEnabled: extrasOf(name).deletionProtection,
    },
  });

  const operations: Readonly<Record<string, (input: Json, name: string) => Promise<Json>>> = {
    CreateTable: async (input, name) => {
      const answer = await engine.call("CreateTable", input);
      extras.delete(name);
      keys.delete(name);
      extrasOf(name).deletionProtection = input["DeletionProtectionEnabled"] === true;
      return described(answer, "TableDescription", name);
    },
    DescribeTable: async (input, name) => described(await engine.call("DescribeTable", input), "Table", name),
    DeleteTable: async (input, name) => {
      if (extras.get(name)?.deletionProtection === true) {
        throw validationError(
          "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
        );
      }
      const answer = await engine.call("DeleteTable", input);
      extras.delete(name);
      keys.delete(name);
      return answer;
    },
    UpdateTable: async (input, name) => {
      const { DeletionProtectionEnabled: wanted, ...rest } = input;
      const others = Object.keys(rest).filter(
        (field) => field !== "TableName" && field !== "AttributeDefinitions",
      );
      const answer =
        others.length > 0 || wanted === undefined
          ? await engine.call("UpdateTable", rest)
          : { TableDescription: (await engine.call("DescribeTable", { TableName: name }))["Table"] };
      if (typeof wanted === "boolean") extrasOf(name).deletionProtection = wanted;
      return described(answer, "TableDescription", name);
    },
    UpdateTimeToLive: async (input, name) => {
      await engine.table(name);
      const specification = input["TimeToLiveSpecification"] as Json | undefined;
      const attribute = specification?.["AttributeName"];
      const enabled = specification?.["Enabled"];
      if (typeof attribute !== "string" || typeof enabled !== "boolean") {
        throw validationError("TimeToLiveSpecification needs AttributeName and Enabled");
      }
      const known = extrasOf(name);
      if (enabled === (known.timeToLiveAttribute !== undefined)) {
        throw validationError(`TimeToLive is already ${enabled ? "enabled" : "disabled"}`);
      }
      known.timeToLiveAttribute = enabled ? attribute : undefined;
      return { TimeToLiveSpecification: { AttributeName: attribute, Enabled: enabled } };
    },
    DescribeTimeToLive: async (_input, name) => {
      await engine.table(name);
      const attribute = extrasOf(name).timeToLiveAttribute;
      return {
        TimeToLiveDescription:
          attribute === undefined
            ? { TimeToLiveStatus: "DISABLED" }
            : { TimeToLiveStatus: "ENABLED", AttributeName: attribute },
      };
    },
    DescribeContinuousBackups: async (_input, name) => {
      await backedUpTable(name);
      return backups(extrasOf(name));
    },
    UpdateContinuousBackups: async (input, name) => {
      await backedUpTable(name);
      const specification = input["PointInTimeRecoverySpecification"] as Json | undefined;
      extrasOf(name).pointInTimeRecovery = specification?.["PointInTimeRecoveryEnabled"] === true;
      return backups(extrasOf(name));
    },
  };

  const backedUpTable = async (name: string): Promise<void> => {
    try {
      await engine.table(name);
    } catch (error) {
      // The backup operations have a name of their own for a missing table.
      if (!(error instanceof DynamoDbError) || error.code !== "ResourceNotFoundException") throw error;
      throw new DynamoDbError("TableNotFoundException", `Table not found: ${name}`);
    }
  };

  const keyNames = async (name: string): Promise<readonly string[]> => {
    const known = keys.get(name) ?? (await engine.table(name)).KeySchema.map((key) => key.AttributeName);
    keys.set(name, known);
    return known;
  };

  return {
    answer: (operation, input) =>
      Object.hasOwn(operations, operation)
        ? operations[operation]?.(input, String(input["TableName"]))
        : undefined,
    keyNames,
    sweep: async (name) => {
      const known = extras.get(name);
      const attribute = known?.timeToLiveAttribute;
      if (known === undefined || attribute === undefined) return;
      if (clock.now() - known.sweptAtMs < SWEEP_EVERY_MS) return;
      known.sweptAtMs = clock.now();
      const names = await keyNames(name);
      await gate.alone(() => removeExpired(engine, { name, attribute, names, nowMs: clock.now() }));
    },
  };
}

function backups({ pointInTimeRecovery }: TableExtras): Json {
  return {
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: "ENABLED",
      PointInTimeRecoveryDescription: {
        PointInTimeRecoveryStatus: pointInTimeRecovery ? "ENABLED" : "DISABLED",
      },
    },
  };
}

/** "How it works: DynamoDB time to live": a Number attribute, seconds since 1970; other types are left alone. */
async function removeExpired(
  engine: Engine,
  sweep: {
    readonly name: string;
    readonly attribute: string;
    readonly names: readonly string[];
    readonly nowMs: number;
  },
): Promise<void> {
  for await (const item of itemsOf(engine, sweep.name)) {
    const value = item[sweep.attribute] as Json | undefined;
    if (typeof value?.["N"] !== "string" || Number(value["N"]) * 1_000 > sweep.nowMs) continue;
    const Key = Object.fromEntries(sweep.names.map((name) => [name, item[name]]));
    await engine.call("DeleteItem", { TableName: sweep.name, Key });
  }
}

/** Every item of a table, page by page. */
export async function* itemsOf(engine: Engine, table: string): AsyncGenerator<Json> {
  let start: unknown;
  do {
    const page = await engine.call("Scan", {
      TableName: table,
      ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    });
    yield* page["Items"] as readonly Json[];
    start = page["LastEvaluatedKey"];
  } while (start !== undefined);
}
