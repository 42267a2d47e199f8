import { createHash } from "node:crypto";
import type { FieldChange, FieldWrites, NewLease } from "@kinesis-connectors/leases";
import { leaseFields, leaseFrom } from "@kinesis-connectors/leases";
import { asError } from "@kinesis-connectors/core";
import type { RedisClient } from "./connection.js";

/** The field that says that a hash holds leases, and in which format. No shard is called like this. */
export const FORMAT_FIELD = "#format";
export const FORMAT = "1";

/** What the script answers. */
export const ANSWER = { applied: 1, refused: 0, noTable: -1 } as const;

/**
 * Every write of a row: looks at it and writes it, in one step of the server. A row is JSON whose values are texts: a number would lose digits in Lua's
 * JSON, and an empty list would come back as an object.
 *
 * KEYS: the hash. ARGV: the key of the row; `create` or `change`; the row, or what it must hold (false: nothing of the name), what is set and what is
 * removed.
 */
const SCRIPT: string = `
if redis.call('HGET', KEYS[1], '${FORMAT_FIELD}') == false then return ${ANSWER.noTable} end
if ARGV[2] == 'create' then return redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[3]) end
local stored = redis.call('HGET', KEYS[1], ARGV[1])
if not stored then return ${ANSWER.refused} end
local row = cjson.decode(stored)
local change = cjson.decode(ARGV[3])
for name, text in pairs(change.expected) do
  if (row[name] or false) ~= text then return ${ANSWER.refused} end
end
for name, text in pairs(change.write) do
  if text == false then row[name] = nil else row[name] = text end
end
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(row))
return ${ANSWER.applied}
`;

/** By which the server knows the script once it has it. */
const SCRIPT_SHA: string = createHash("sha1").update(SCRIPT).digest("hex");

/** The row's key, what is done, and with what. */
export type ScriptArguments = readonly [leaseKey: string, what: "create" | "change", json: string];

/** Runs the script by its name, and whole where the server does not have it. */
export async function evaluate(client: RedisClient, key: string, args: ScriptArguments): Promise<unknown> {
  try {
    return await client.evalsha(SCRIPT_SHA, 1, key, ...args);
  } catch (thrown) {
    // A server that was started anew has no scripts.
    if (!asError(thrown).message.startsWith("NOSCRIPT")) throw thrown;
    return await evaluateWhole(client, key, args);
  }
}

/** Runs the script whole, and leaves it with the server. */
export async function evaluateWhole(
  client: RedisClient,
  key: string,
  args: ScriptArguments,
): Promise<unknown> {
  return await client.eval(SCRIPT, 1, key, ...args);
}

/** The arguments that create a row. */
export function createArguments(lease: NewLease): ScriptArguments {
  return [lease.leaseKey, "create", JSON.stringify(leaseFields(leaseFrom(lease)))];
}

/** The arguments that change a row. */
export function changeArguments(
  leaseKey: string,
  { expected, write }: { readonly expected: FieldChange["expected"]; readonly write: FieldWrites },
): ScriptArguments {
  return [leaseKey, "change", JSON.stringify({ expected: orFalse(expected), write: orFalse(write) })];
}

/** What is not there is false to Lua. */
function orFalse(fields: FieldWrites): Readonly<Record<string, string | false>> {
  return Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, text ?? false]));
}
