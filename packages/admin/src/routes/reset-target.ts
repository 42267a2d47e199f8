import type { ResetTarget } from "@kinesis-connectors/leases";
import { RequestRefused } from "../http/answers.js";

/**
 * Where a reset leads, as a request says it: `"horizon"`, `"latest"`, a time in ISO 8601, or a position.
 * @throws RequestRefused 400
 */
export function resetTargetOf(to: unknown): ResetTarget {
  if (to === "horizon" || to === "latest") return { type: to };
  if (typeof to === "string" && ISO_TIME.test(to)) {
    const at = new Date(to);
    if (!Number.isNaN(at.getTime())) return { type: "time", at };
  }
  if (typeof to === "object" && to !== null && "sequenceNumber" in to) {
    const { sequenceNumber } = to;
    const subSequenceNumber = "subSequenceNumber" in to ? to.subSequenceNumber : 0;
    if (
      typeof sequenceNumber === "string" &&
      /^\d{1,128}$/.test(sequenceNumber) &&
      typeof subSequenceNumber === "number" &&
      Number.isSafeInteger(subSequenceNumber) &&
      subSequenceNumber >= 0
    )
      return { type: "position", position: { sequenceNumber, subSequenceNumber } };
  }
  throw new RequestRefused(
    400,
    "body-malformed",
    'to must be "horizon", "latest", a time such as "2026-11-29T03:00:00Z", or { sequenceNumber, subSequenceNumber }',
  );
}

/** A day, or a moment with the zone that it is in: without one, a time is whatever the machine takes it for. */
const ISO_TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;
