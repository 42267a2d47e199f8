import type { Clock, Random, Timer } from "../../clock.js";
import type { Database, Session } from "./database.js";
import { validationError } from "../errors.js";

/** A session that lives on between calls, so that temporary tables and transactions do. */
export interface KeptSession {
  readonly id: string;
  readonly database: string;
  readonly clusterIdentifier: string | undefined;
  readonly workgroupName: string | undefined;
  readonly dbUser: string | undefined;
  /** Opened by the first statement that runs in it. */
  readonly session: () => Promise<Session>;
}

/** The sessions that were asked for with SessionKeepAliveSeconds. */
export interface Sessions {
  readonly create: (target: Omit<KeptSession, "id" | "session">, keepAliveSeconds: number) => KeptSession;
  /** Throws ValidationException for one that is unknown, ended or at work. */
  readonly find: (id: string) => KeptSession;
  /** A statement runs in it: no other may, and it does not end meanwhile. */
  readonly begin: (id: string) => void;
  /** The statement has ended; the session ends when the keep-alive is over without another. */
  readonly finish: (id: string, keepAliveSeconds?: number) => void;
  readonly close: () => Promise<void>;
}

interface Live {
  readonly kept: KeptSession;
  opened: Promise<Session> | undefined;
  keepAliveSeconds: number;
  busy: boolean;
  timer: Timer | undefined;
}

/** Starts without sessions. */
export function createSessions(options: {
  readonly clock: Clock;
  readonly random: Random;
  readonly database: Database;
}): Sessions {
  const { clock, random, database } = options;
  const live = new Map<string, Live>();

  const end = async (entry: Live): Promise<void> => {
    live.delete(entry.kept.id);
    entry.timer?.cancel();
    const session = await entry.opened?.catch(() => undefined);
    await session?.end();
  };
  const find = (id: string): Live => {
    const entry = live.get(id);
    if (entry === undefined) throw validationError(`Session ${id} is not available`);
    return entry;
  };

  return {
    create: (target, keepAliveSeconds) => {
      if (!database.concurrent)
        throw validationError(
          "[local] not emulated: SessionKeepAliveSeconds on the embedded database, which has one session; " +
            "give `redshift.connectionString`",
        );
      const id = random.uuid();
      const entry: Live = {
        kept: {
          ...target,
          id,
          session: () => {
            entry.opened ??= database.open();
            return entry.opened;
          },
        },
        opened: undefined,
        keepAliveSeconds,
        busy: false,
        timer: undefined,
      };
      live.set(id, entry);
      return entry.kept;
    },
    find: (id) => {
      const entry = find(id);
      if (entry.busy) throw validationError(`Session ${id} is busy with another statement`);
      return entry.kept;
    },
    begin: (id) => {
      const entry = find(id);
      entry.busy = true;
      entry.timer?.cancel();
    },
    finish: (id, keepAliveSeconds) => {
      const entry = live.get(id);
      if (entry === undefined) return;
      entry.busy = false;
      entry.keepAliveSeconds = keepAliveSeconds ?? entry.keepAliveSeconds;
      entry.timer = clock.setTimer(entry.keepAliveSeconds * 1000, () => {
        // Its connection may be gone already; nobody waits for it.
        end(entry).catch(() => {});
      });
    },
    close: async () => {
      await Promise.all([...live.values()].map(end));
    },
  };
}
