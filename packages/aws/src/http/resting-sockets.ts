import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** An agent's lists of sockets that wait for their next request. */
type FreeSockets = Readonly<Record<string, Socket[] | undefined>>;

/** A request over a kept socket. */
interface Sent {
  /** Its place in the order of all rests and requests. */
  readonly turn: number;
  /** What had come over the socket by then. */
  readonly bytesRead: number;
}

/**
 * Watches the sockets of one of Node's agents: closes those that have rested for too long, and when a request over a kept one is given up without a
 * byte of an answer, all that have rested since before it was sent. What translates addresses in between may have been replaced, by one that drops what
 * comes over connections it does not know; each of them would be found dead after a time-out of its own.
 */
export class RestingSockets {
  readonly #maxRestMs: number;
  readonly #resting = new Map<Socket, number>();
  readonly #sent = new Map<Socket, Sent>();
  readonly #known = new WeakSet<Socket>();
  #free: FreeSockets = {};
  #turn = 0;

  constructor(maxRestMs: number) {
    this.#maxRestMs = maxRestMs;
  }

  /** Told that a socket is about to wait. Returns whether it may. */
  rest(socket: Duplex, free: FreeSockets): boolean {
    if (!(socket instanceof Socket)) return true;
    this.#free = free;
    this.#sent.delete(socket);
    this.#turn += 1;
    this.#resting.set(socket, this.#turn);
    this.#watch(socket);
    // The agent closes a waiting socket that is silent for as long; the server may have asked for less.
    const asked = socket.timeout ?? 0;
    socket.setTimeout(asked > 0 ? Math.min(asked, this.#maxRestMs) : this.#maxRestMs);
    return true;
  }

  /** Told that a waiting socket is used for a request. */
  reuse(socket: Duplex): void {
    if (!(socket instanceof Socket)) return;
    this.#resting.delete(socket);
    socket.setTimeout(0);
    this.#turn += 1;
    this.#sent.set(socket, { turn: this.#turn, bytesRead: socket.bytesRead });
  }

  /** Looks whether a request has been given up. */
  look(): void {
    for (const socket of this.#sent.keys()) if (socket.destroyed) this.#gone(socket);
  }

  #watch(socket: Socket): void {
    if (this.#known.has(socket)) return;
    this.#known.add(socket);
    socket.once("close", () => {
      this.#resting.delete(socket);
      this.#gone(socket);
    });
  }

  #gone(socket: Socket): void {
    const sent = this.#sent.get(socket);
    this.#sent.delete(socket);
    if (sent === undefined || socket.bytesRead > sent.bytesRead || !isGivenUp(socket)) return;
    for (const [rested, turn] of this.#resting) {
      if (turn >= sent.turn) continue;
      this.#resting.delete(rested);
      rested.destroy();
      this.#forget(rested);
    }
  }

  /** Out of the agent's list at once: it would give a destroyed socket to the next request, until that has closed. */
  #forget(socket: Socket): void {
    for (const list of Object.values(this.#free)) {
      const index = list?.indexOf(socket) ?? -1;
      if (index >= 0) list?.splice(index, 1);
    }
  }
}

/** Whether it was closed from here, or by the kernel for want of an answer; and not by the other side. */
function isGivenUp(socket: Socket): boolean {
  if (socket.readableEnded) return false;
  const { errored } = socket;
  return errored === null || errored.name === "TimeoutError" || Reflect.get(errored, "code") === "ETIMEDOUT";
}
