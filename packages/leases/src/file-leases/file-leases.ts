import { mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  asError,
  checkOptions,
  KinesisConnectorError,
  nonEmptyText,
  type OptionNames,
} from "@kinesis-connectors/core";
import { type Lease, leaseFrom } from "../lease.js";
import { changed, described, isAsSeen, type LeaseTable, type WriteOutcome } from "../lease-table.js";
import { Mutex } from "../mutex.js";
import { type FolderLock, lockFolder } from "./folder-lock.js";
import { fileNameOf, leaseOf, lineOf, ROW_ENDING } from "./lease-file.js";

/** Options of `fileLeases`. */
export interface FileLeasesOptions {
  /** The folder of the rows, a file each; created when it is missing. On a local disk: locks of network file systems are not relied on. */
  readonly folder: string;
}

const NAMES: OptionNames<FileLeasesOptions> = { folder: "required" };

const DRAFT_ENDING = ".draft";

/** Says that the folder is a lease table, and of which version. */
const MARK = { name: "format", text: "kinesis-connectors leases 1\n" } as const;

/**
 * A lease table in a folder, for one process at a time: for development, machines at the edge, and replays. A write is on the disk (fsync)
 * before it counts, and a row is replaced as a whole, so that a crash leaves the row as it was before or after. A second process is refused
 * while the first one runs; the lock of one that was killed is taken over.
 *
 * @example
 * ```ts
 * const connector = await startConnector({ application: "clicks", stream: "clicks", pipeline, leaseTable: fileLeases({ folder: "leases" }) });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`; `open` throws `KC_LEASE_TABLE` when another process has the folder or a row is damaged
 */
export function fileLeases(options: FileLeasesOptions): LeaseTable {
  checkOptions("fileLeases", options, NAMES);
  return new FileLeases(resolve(nonEmptyText("folder", options.folder)));
}

class FileLeases implements LeaseTable {
  readonly #folder: string;
  /** The rows as they are on the disk. Nobody else writes there. */
  readonly #rows = new Map<string, Lease>();
  readonly #writers = new Map<string, Mutex>();
  readonly #opening = new Mutex();
  #lock: FolderLock | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  readonly open = async (): Promise<{ readonly created: boolean }> =>
    await this.#opening.run(async () => {
      if (this.#lock !== undefined) return { created: false };
      await this.#tried("made", mkdir(this.#folder, { recursive: true }));
      const lock = await this.#tried("locked", lockFolder(this.#folder));
      try {
        await this.#tried("read", this.#load());
        const created = await this.#tried("written", this.#mark());
        this.#lock = lock;
        return { created };
      } catch (thrown) {
        lock.release();
        throw thrown;
      }
    });

  readonly list = async (): Promise<readonly Lease[]> => {
    this.#requireOpen();
    return [...this.#rows.values()];
  };

  readonly get = async (leaseKey: string): Promise<Lease | undefined> => {
    this.#requireOpen();
    return this.#rows.get(leaseKey);
  };

  readonly create: LeaseTable["create"] = async (lease) =>
    await this.#exclusively(lease.leaseKey, async () => {
      if (this.#rows.has(lease.leaseKey)) return false;
      await this.#write(leaseFrom(lease));
      return true;
    });

  readonly update: LeaseTable["update"] = async (seen, change) =>
    await this.#exclusively(seen.leaseKey, async (): Promise<WriteOutcome> => {
      const row = this.#rows.get(seen.leaseKey);
      if (row === undefined || !isAsSeen(row, seen, change)) return { type: "refused" };
      const next = changed(row, change);
      try {
        await this.#write(next);
        return { type: "applied" };
      } catch (thrown) {
        if (KinesisConnectorError.isInstance(thrown)) throw thrown;
        // A full disk, say: waiting may mend it. Behind the rename the row is the new one, whatever else failed.
        const cause = asError(thrown);
        return this.#rows.get(seen.leaseKey) === next
          ? { type: "unknown", cause }
          : { type: "throttled", cause };
      }
    });

  readonly describe: LeaseTable["describe"] = async (leaseKey, facts) =>
    await this.#exclusively(leaseKey, async () => {
      const row = this.#rows.get(leaseKey);
      if (row === undefined) return false;
      await this.#write(described(row, facts));
      return true;
    });

  readonly remove = async (leaseKey: string): Promise<void> =>
    await this.#exclusively(leaseKey, async () => {
      await this.#lock?.check();
      await rm(join(this.#folder, fileNameOf(leaseKey)), { force: true });
      this.#rows.delete(leaseKey);
      await this.#syncFolder();
    });

  /** No KCL worker shares a folder. */
  readonly fleetMode = async (): Promise<undefined> => undefined;

  readonly close = (): void => {
    this.#lock?.release();
    this.#lock = undefined;
    this.#rows.clear();
  };

  async #load(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      if (name.endsWith(DRAFT_ENDING)) {
        await rm(path, { force: true });
      } else if (name.endsWith(ROW_ENDING)) {
        const lease = leaseOf(path, await readFile(path, "utf8"));
        this.#rows.set(lease.leaseKey, lease);
      }
    }
  }

  /** Marks the folder as a lease table; false when it was one before. */
  async #mark(): Promise<boolean> {
    try {
      await writeFile(join(this.#folder, MARK.name), MARK.text, { flag: "wx", flush: true });
      await this.#syncFolder();
      return true;
    } catch (thrown) {
      if (thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST") return false;
      throw thrown;
    }
  }

  /** One write of a row at a time. */
  async #exclusively<Value>(leaseKey: string, work: () => Promise<Value>): Promise<Value> {
    this.#requireOpen();
    const writer = this.#writers.get(leaseKey) ?? new Mutex();
    this.#writers.set(leaseKey, writer);
    try {
      return await writer.run(async () => {
        this.#requireOpen();
        return await work();
      });
    } finally {
      if (!writer.isBusy) this.#writers.delete(leaseKey);
    }
  }

  async #write(lease: Lease): Promise<void> {
    await this.#lock?.check();
    const path = join(this.#folder, fileNameOf(lease.leaseKey));
    const draft = path + DRAFT_ENDING;
    const file = await open(draft, "w");
    try {
      await file.writeFile(lineOf(lease));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    this.#rows.set(lease.leaseKey, lease);
    await this.#syncFolder();
  }

  /** Makes the names in the folder last: fsync(2) of a file says nothing of its entry. Windows has no such call, and needs none. */
  async #syncFolder(): Promise<void> {
    if (process.platform === "win32") return;
    const folder = await open(this.#folder, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  async #tried<Value>(what: string, work: Promise<Value>): Promise<Value> {
    try {
      return await work;
    } catch (thrown) {
      if (KinesisConnectorError.isInstance(thrown)) throw thrown;
      throw new KinesisConnectorError(
        "KC_LEASE_TABLE",
        `the folder of leases ${this.#folder} cannot be ${what}: ${asError(thrown).message}; check its path, its rights and the disk`,
        { cause: thrown },
      );
    }
  }

  #requireOpen(): void {
    if (this.#lock === undefined)
      throw new KinesisConnectorError(
        "KC_LEASE_TABLE",
        `the lease table in ${this.#folder} is not open: call open() first, and nothing after close()`,
      );
  }
}
