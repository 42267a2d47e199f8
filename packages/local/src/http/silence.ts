interface Closing {
  readonly once: (event: "close", listener: () => void) => unknown;
}

/**
 * The connections of one server, some of which carry nothing any more: they stay open, what comes over them is not looked at, and nothing is sent, as after
 * a NAT or a firewall has forgotten them. Over HTTP/2 no frame of a stream is sent; Node still answers a PING.
 */
export class Silence {
  readonly #open = new Set<object>();
  readonly #silent = new WeakSet<object>();
  readonly #answering = new Set<Closing>();

  /** A connection was opened: a socket, or a session on one. */
  opened(connection: object & Closing): void {
    this.#open.add(connection);
    connection.once("close", () => this.#open.delete(connection));
  }

  /** An answer is due over a connection. */
  answers(response: Closing): void {
    this.#answering.add(response);
    response.once("close", () => this.#answering.delete(response));
  }

  has(connection: object): boolean {
    return this.#silent.has(connection);
  }

  /** All that are open fall silent; those that are opened from now on are like any other. */
  fall(): void {
    for (const connection of this.#open) this.#silent.add(connection);
    for (const response of this.#answering) mute(response);
  }
}

/** Whatever is still said into it reaches nobody; it never ends. */
function mute(response: Closing): void {
  const nothing = (): Closing => response;
  Object.assign(response, {
    writeHead: nothing,
    writeContinue: nothing,
    write: () => true,
    end: nothing,
    destroy: nothing,
  });
}
