import { failureError } from "./call-error.js";
import type { Destination, Network } from "./network.js";
import type { SimProcess } from "./sim-process.js";

/** A command of the SDK as a call of the network. */
export interface Operation {
  /** For the trace and the crash points. */
  readonly name: string;
  /** What it is about, for the trace. */
  readonly about: string;
  /** Carries it out, when it arrives. */
  readonly apply: () => object | Promise<object>;
  /** What a caller that is broken takes for the answer when the service says that it is asked too often. */
  readonly ifThrottled?: () => object;
}

/** A simulated service, as clients see it. */
export interface SimService {
  readonly network: Network;
  readonly to: Destination;
  /** How the service says that it is asked too often: the error's name and the HTTP status. */
  readonly throttled: readonly [name: string, status: number];
  readonly operation: (command: unknown, process: SimProcess, signal: AbortSignal | undefined) => Operation;
}

/**
 * What a client of the SDK is made with that is asked for nothing: the simulated service answers in its place. It knows its endpoint, or the look at where it
 * goes would read the shared config file, which takes time of the machine.
 */
export const NOWHERE = {
  endpoint: "https://localhost",
  region: "us-east-1",
  credentials: { accessKeyId: "simulated", secretAccessKey: "simulated" },
} as const;

// Signature Version 4, "Troubleshooting": a request must reach AWS within five minutes of the time in its signature.
const SIGNATURE_LIFE_MS = 300_000;

/**
 * A process's client of a simulated service: everything above the wire is the product's own code, and nothing below it (sockets, signatures, the client's
 * own timers) is there. Everything but `send` comes from `real`.
 */
export function serviceClient<Client extends object>(
  real: Client,
  process: SimProcess,
  { network, to, throttled, operation }: SimService,
): Client {
  // How far the client knows the clock to be off: each refusal carries the service's time, as the SDK's clients read it.
  let correctedMs = 0;
  const isSkewed = (): boolean => {
    const { wallShiftMs } = process;
    if (!network.looksAtClocks || Math.abs(wallShiftMs - correctedMs) <= SIGNATURE_LIFE_MS) return false;
    correctedMs = wallShiftMs;
    return true;
  };
  const send = (
    command: unknown,
    { abortSignal: signal }: { readonly abortSignal?: AbortSignal } = {},
  ): Promise<object> => {
    const { ifThrottled, ...call } = operation(command, process, signal);
    return network.send({
      ...call,
      ...(isSkewed() ? { apply: refuseSkewed } : {}),
      process,
      to,
      failed: (failure) => {
        if (failure === "throttled" && ifThrottled !== undefined) return ifThrottled();
        throw failureError(failure, ...throttled);
      },
      signal,
    });
  };
  return new Proxy(real, {
    get: (target, name): unknown => (name === "send" ? send : Reflect.get(target, name)),
  });
}

function refuseSkewed(): never {
  throw failureError("skewed", "", 0);
}
