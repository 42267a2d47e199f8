import { firehoseEmitter } from "@kinesis-connectors/firehose";
import { SimDeliveryStream } from "../services/puts/sim-delivery-stream.js";
import { type Output, REQUEST_TIMEOUT_MS } from "../sim-pipeline.js";
import type { Line } from "../payload.js";
import { type DestinationParts, driving, entryOf, type SimDestination } from "./destination.js";

/** Records put into a delivery stream. Each has to be there at least once, in whatever order; what comes again is counted. */
export function firehoseDestination(parts: DestinationParts): SimDestination {
  const { scenario, landings, report } = parts;
  let storedCount = 0;

  const taken = (data: Uint8Array): void => {
    const text = Buffer.from(data).toString("utf8");
    // Firehose puts records together as they are: a line must bring its own end, and no more than one.
    if (text.indexOf("\n") !== text.length - 1)
      report({ rule: "phantom", what: `the delivery stream holds a record that is no line: ${text}` });
    const line: Line = JSON.parse(text);
    const entry = entryOf(parts, line, "the delivery stream");
    if (entry === undefined) return;
    landings.land(entry, line.n, false, "the delivery stream");
    storedCount += 1;
  };

  const stream = new SimDeliveryStream({
    network: parts.network,
    random: parts.random,
    temper: { refused: scenario.faultRate },
    taken,
    broken: parts.brokenPut,
  });

  return {
    drive: driving(parts, (process) =>
      firehoseEmitter<Output>({
        client: stream.clientOf(process),
        deliveryStream: "target",
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
      }),
    ),
    calm: () => {
      stream.temper.refused = 0;
    },
    storedCount: () => storedCount,
  };
}
