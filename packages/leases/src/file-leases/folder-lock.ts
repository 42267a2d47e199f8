import { readFileSync, rmSync } from "node:fs";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { KinesisConnectorError, sleep, systemClock, systemRandom } from "@kinesis-connectors/core";
import { isAnswered, listenIn } from "./lock-socket.js";

/** The holder of a folder. */
interface Holder {
  readonly pid: number;
  /** When the process was started, where the system says: a pid comes again, after a restart of the machine or of a container. */
  readonly started?: string;
  readonly token: string;
  /** The socket beside the lock that answers while its process lives, where there can be one. */
  readonly socket?: string;
}

/** Tokens of the locks that this very process holds: its pid in any other lock is that of an earlier process. */
const ownTokens = new Set<string>();

const NOBODY: Holder = { pid: 0, token: "" };

/** Nothing that leads out of the folder. */
const SOCKET = /^lock-[\w-]+\.sock$/;

/** A lock that cannot be read is being written, or was when the machine stopped. */
const UNREADABLE_WAIT_MS = 200;
const MAX_ATTEMPTS = 5;

/** A folder that this process has for itself. */
export interface FolderLock {
  /**
   * Looks whether the folder is still ours.
   * @throws KinesisConnectorError `KC_LEASE_TABLE` when the lock was deleted or taken by hand
   */
  readonly check: () => Promise<void>;
  readonly release: () => void;
}

/**
 * Takes the folder for this process. A lock whose process is gone is taken over.
 * @throws KinesisConnectorError `KC_LEASE_TABLE` when another process has it
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, "lock");
  const token = systemRandom.uuid();
  const started = await startOf(process.pid);
  const name = `lock-${token}.sock`;
  const socket = await listenIn(folder, name);
  const mine: Holder = {
    pid: process.pid,
    ...(started === undefined ? {} : { started }),
    token,
    ...(socket === undefined ? {} : { socket: name }),
  };
  const draft = join(folder, `lock-${token}`);
  ownTokens.add(token);
  try {
    await writeFile(draft, JSON.stringify(mine), { flush: true });
    for (let attempt = 1; !(await create(draft, path)); attempt += 1) {
      const holder = await holderOf(path);
      if (attempt > MAX_ATTEMPTS || (await isAlive(path, holder))) throw inUse(path, holder);
      // Moved aside and not deleted: of two that take over at once, one moves the stale lock and the other finds it gone.
      await rename(path, `${draft}-stale`).catch(() => undefined);
      const moved = await holderOf(`${draft}-stale`);
      if (holder.socket !== undefined && SOCKET.test(holder.socket))
        await rm(join(folder, holder.socket), { force: true });
      // What was moved is the fresh lock of a faster one: it goes back.
      if (moved.token !== "" && moved.token !== holder.token) await create(`${draft}-stale`, path);
      await rm(`${draft}-stale`, { force: true });
    }
  } catch (thrown) {
    ownTokens.delete(token);
    socket?.close();
    throw thrown;
  } finally {
    await rm(draft, { force: true });
  }
  return {
    check: async () => {
      // One that takes over a stale lock may have moved this one aside for a moment.
      const holder = parsed(await readFile(path, "utf8").catch(() => "")) ?? (await holderOf(path));
      if (holder.token !== token) throw taken(path);
    },
    release: () => {
      ownTokens.delete(token);
      socket?.close();
      try {
        if (parsed(readFileSync(path, "utf8"))?.token === token) rmSync(path, { force: true });
      } catch {
        // It is gone already.
      }
    },
  };
}

/** Puts the draft where the lock belongs, unless there is one. */
async function create(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === "EEXIST") return false;
    // A file system without links: the content comes a moment after the name.
    try {
      await writeFile(path, await readFile(draft), { flag: "wx", flush: true });
      return true;
    } catch (again) {
      if (codeOf(again) === "EEXIST") return false;
      throw again;
    }
  }
}

/** Who holds the lock. A lock that stays unreadable has no process: a crash of the machine has left it without content. */
async function holderOf(path: string): Promise<Holder> {
  for (let isFirst = true; ; isFirst = false) {
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (thrown) {
      if (codeOf(thrown) !== "ENOENT") throw thrown;
      text = "";
    }
    const holder = parsed(text);
    if (holder !== undefined) return holder;
    if (!isFirst) return NOBODY;
    await sleep(systemClock, UNREADABLE_WAIT_MS);
  }
}

function parsed(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null;
    const isWhole = Number.isSafeInteger(holder?.pid) && typeof holder?.token === "string";
    return isWhole ? (holder as Holder) : undefined;
  } catch {
    return undefined;
  }
}

async function isAlive(path: string, { pid, started, token, socket }: Holder): Promise<boolean> {
  if (pid <= 0) return false;
  // Another container that has the same folder has processes of the same ids, and cannot see the others.
  if (socket !== undefined && SOCKET.test(socket) && (await isAnswered(dirname(path), socket))) return true;
  const now = await startOf(pid);
  if (started !== undefined && now !== undefined) return started === now;
  if (pid === process.pid) return ownTokens.has(token);
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    // EPERM: it is there, and another user's.
    return codeOf(thrown) !== "ESRCH";
  }
  return true;
}

/** When a process was started, as a text that tells it from any other of the same pid; undefined where the system does not say (Linux does). */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // Field 22 of proc_pid_stat(5), counted behind the name, which may hold spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[19] === undefined ? undefined : `${boot.trim()}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : undefined;
}

function inUse(path: string, holder: Holder): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_LEASE_TABLE",
    `the folder of leases is in use by process ${holder.pid}, and one process can have it only: stop that one or give another ` +
      `folder; if no connector runs there, delete ${path}`,
  );
}

function taken(path: string): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_LEASE_TABLE",
    `the lock ${path} is no longer of this process: it was deleted, or another process has taken the folder; start again with a folder of its own`,
  );
}
