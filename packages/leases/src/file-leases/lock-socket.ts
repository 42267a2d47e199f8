import { type FileHandle, open } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";

/** Longest path of a socket that every system takes (unix(7): 108 bytes with the end; macOS: 104). */
const MAX_PATH_BYTES = 100;

/** A socket that answers as long as its process lives, whoever asks: also a process of another container, for which ids of processes mean nothing. */
export interface LockSocket {
  readonly close: () => void;
}

/** Listens in the folder; undefined where the system or the file system has no such sockets. */
export async function listenIn(folder: string, name: string): Promise<LockSocket | undefined> {
  const way = await wayTo(folder, name);
  if (way === undefined) return undefined;
  const server = createServer((socket) => socket.destroy());
  try {
    await listening(server, way.path);
  } catch {
    await way.handle?.close();
    return undefined;
  }
  // A lock keeps no process alive.
  server.unref();
  return {
    close: () => {
      // Its file goes with it, by the way that leads there.
      server.close(() => void way.handle?.close());
    },
  };
}

/** Whether somebody listens there. */
export async function isAnswered(folder: string, name: string): Promise<boolean> {
  const way = await wayTo(folder, name);
  if (way === undefined) return false;
  try {
    return await new Promise<boolean>((resolve) => {
      const socket = connect({ path: way.path });
      socket.once("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
  } finally {
    await way.handle?.close();
  }
}

interface Way {
  readonly path: string;
  /** Open for as long as the path is used. */
  readonly handle?: FileHandle;
}

/** A path that is short enough: on Linux by the folder's descriptor, where its own is too long. */
async function wayTo(folder: string, name: string): Promise<Way | undefined> {
  if (process.platform === "win32") return undefined;
  const path = join(folder, name);
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return { path };
  if (process.platform !== "linux") return undefined;
  const handle = await open(folder, "r");
  return { path: join("/proc/self/fd", `${handle.fd}`, name), handle };
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path }, () => {
      server.off("error", reject);
      // What goes wrong later on is a connection's, and no lock hangs on it.
      server.on("error", () => undefined);
      resolve();
    });
  });
}
