/**
 * A client of the SDK whose `send` is another function: everything above the wire is the product's own code, and nothing below it
 * (sockets, signatures, the client's own timers) is there. Everything but `send` comes from `real`.
 */
export function clientSending<Client extends object>(
  real: Client,
  send: (command: unknown, signal: AbortSignal | undefined) => Promise<object>,
): Client {
  const sending = (command: unknown, options?: { readonly abortSignal?: AbortSignal }): Promise<object> =>
    send(command, options?.abortSignal);
  return new Proxy(real, {
    get: (target, name): unknown => (name === "send" ? sending : Reflect.get(target, name)),
  });
}
