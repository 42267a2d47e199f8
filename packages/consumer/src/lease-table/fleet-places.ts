import { COORDINATOR_KEY } from "./fleet-rows.js";
import { ATTRIBUTE, type LeaseRow } from "./lease-row.js";
import { TableCalls, type TableCallsOptions } from "./table-calls.js";
import type { TableClient } from "./table-client.js";
import { tableFailure } from "./table-failures.js";

/** One table in which rows of a fleet may lie, and the name of its key. */
export interface FleetPlace {
  readonly tableName: string;
  readonly key: string;
  readonly calls: TableCalls;
  readonly place: "own-table" | "lease-table";
}

/** What names a row in a request. */
export function keyOf(
  place: FleetPlace,
  key: string,
): { readonly TableName: string; readonly Key: Record<string, { readonly S: string }> } {
  return { TableName: place.tableName, Key: { [place.key]: { S: key } } };
}

export interface FleetPlacesOptions extends TableCallsOptions {
  readonly client: TableClient;
  /** Names the tables that KCL 3.0 to 3.4 make beside the one of leases. */
  readonly application: string;
}

const STATUS = "TABLE_MIGRATION_STATUS_";

/**
 * Where the rows of a fleet lie (KCL 3.5 `TableMigrationStatus`). KCL 3.0 to 3.4 keep them in two tables of their own; 3.5 among the leases, unless it finds
 * those tables: then it moves them there in steps, which a row tells, and each step says where to write.
 */
export class FleetPlaces {
  readonly leases: FleetPlace;
  readonly coordinator: FleetPlace;
  readonly metrics: FleetPlace;
  readonly #client: TableClient;
  #status: string | undefined;
  #known = false;
  #hasCoordinator = false;
  /** Whether the table of reports is there; looked at when it is first asked. */
  hasMetrics = true;

  constructor(options: FleetPlacesOptions) {
    const { application, tableName, client } = options;
    this.#client = client;
    const place = (name: string, key: string, kind: FleetPlace["place"]): FleetPlace => ({
      tableName: name,
      key,
      calls: new TableCalls({ ...options, tableName: name }),
      place: kind,
    });
    this.leases = place(tableName, ATTRIBUTE.leaseKey, "lease-table");
    this.coordinator = place(`${application}-CoordinatorState`, "key", "own-table");
    this.metrics = place(`${application}-WorkerMetricStats`, "wid", "own-table");
  }

  /** Looks anew how far the move is. Undefined: there is none, or it is complete. */
  async look(): Promise<string | undefined> {
    const row = await this.get(this.coordinator, COORDINATOR_KEY.tableMigration);
    this.#hasCoordinator = row !== "no-table";
    this.#status = row === "no-table" ? undefined : row?.["tm"]?.S?.replace(STATUS, "");
    if (this.#hasCoordinator && this.#status === undefined) {
      // A complete move is told by both tables; the old one may have been emptied since.
      const moved = await this.get(this.leases, COORDINATOR_KEY.tableMigration);
      this.#status = moved === "no-table" ? undefined : moved?.["tm"]?.S?.replace(STATUS, "");
    }
    this.#known = true;
    return this.#isSingle ? undefined : this.#status;
  }

  /** Where the leader's lock lies, and a new row `Migration3.0`. */
  async ofLock(): Promise<FleetPlace> {
    if (!this.#known) await this.look();
    return this.#isSingle ? this.leases : this.coordinator;
  }

  /** Where a worker reports. */
  async ofReports(): Promise<FleetPlace> {
    if (!this.#known) await this.look();
    return this.#isSingle || this.#status === "PENDING" || !this.hasMetrics ? this.leases : this.metrics;
  }

  /** Where reports of others may lie. */
  async reading(): Promise<readonly FleetPlace[]> {
    if (!this.#known) await this.look();
    return this.#isSingle ? [this.leases] : [this.leases, this.metrics];
  }

  get #isSingle(): boolean {
    return !this.#hasCoordinator || this.#status === "COMPLETE";
  }

  /** A row, with every write before visible. */
  async get(place: FleetPlace, key: string): Promise<LeaseRow | undefined | "no-table"> {
    return await place.calls.repeat("GetItem", async () => {
      try {
        const found = await this.#client.send((sdk) => sdk.GetItemCommand, {
          TableName: place.tableName,
          Key: { [place.key]: { S: key } },
          ConsistentRead: true,
        });
        return found.Item;
      } catch (thrown) {
        if (tableFailure(thrown) === "missing") return "no-table";
        throw thrown;
      }
    });
  }
}
