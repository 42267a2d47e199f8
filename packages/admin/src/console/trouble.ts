import type { ConsoleTrouble } from "@kinesis-connectors/console";
import { errorFields, KinesisConnectorError } from "@kinesis-connectors/core";
import { toldCode } from "../watching/told-event.js";

/** DynamoDB developer guide, "Error handling": it takes no more for the moment. */
const THROTTLED =
  /^(?:ProvisionedThroughputExceeded|Throttling|RequestLimitExceeded|TooManyRequests|LimitExceeded)/;

/** DynamoDB says so where a right is missing. */
const DENIED = /^AccessDenied/;

/**
 * What stands between a look and the lease table, in the words of its operator: never the text of an error that is not ours.
 * @param asked the right that the call needed, such as `dynamodb:Scan`
 */
export function troubleOf(thrown: Error | string, asked: string): ConsoleTrouble {
  const { name, message } = typeof thrown === "string" ? { name: thrown, message: "" } : told(thrown);
  if (DENIED.test(name) || /\ballow dynamodb:/.test(message))
    return {
      kind: "no-rights",
      action: asked,
      message:
        "is denied to the credentials of this server: allow it on the lease table, and this page goes on by itself",
    };
  if (/ResourceNotFound/.test(name + message))
    return {
      kind: "no-table",
      action: null,
      message: "there is no such lease table: no worker of this application has started in this region yet",
    };
  if (THROTTLED.test(name))
    return {
      kind: "throttled",
      action: null,
      message: `DynamoDB limits the calls on the lease table (${toldCode(name)}): what is shown is older, and the next look is under way`,
    };
  return {
    kind: "unreachable",
    action: null,
    message: `the lease table does not answer (${toldCode(name)}): what is shown is older; look at network, region and credentials of this server`,
  };
}

function told(thrown: Error): { readonly name: string; readonly message: string } {
  // Texts of ours name no value; others may quote anything.
  const message = KinesisConnectorError.isInstance(thrown) ? thrown.message : "";
  const cause = thrown.cause instanceof Error ? errorFields(thrown.cause).error : undefined;
  return { name: cause ?? errorFields(thrown).error, message };
}
