import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { TableCall } from "../rig/dynamo-tap.js";
import type { Row } from "../rig/lease-rows.js";

/** What a write of a lease is for. */
type Purpose = "create" | "take" | "renew" | "prepare" | "commit" | "give back" | "tell" | "delete";

/** A write of a lease, whoever makes it. */
export interface WriteShape {
  readonly purpose: Purpose;
  /** `checkpoint:S` is set, `+leaseCounter:N` added to, `-pendingCheckpoint` removed; what only ours write is left out. */
  readonly parts: readonly string[];
  /** `leaseCounter =`, `no leaseOwner`, `has leaseKey`. */
  readonly conditions: readonly string[];
}

/** Attributes that only our workers write; Java passes over them and leaves them as they are. */
const OURS = /^[+-]?kc[A-Z]/;

/**
 * A write of a lease as both kinds can be compared: expressions, and the legacy form of the Java SDK, give the same. Undefined for what is no write, or
 * none of a lease.
 */
export function shapeOfWrite({ operation, body }: TableCall): WriteShape | undefined {
  if (operation === "DeleteItem") return { purpose: "delete", parts: [], conditions: conditionsOf(body) };
  const parts = (operation === "PutItem" ? itemParts(body) : updateParts(body)).filter(
    (part) => !OURS.test(part),
  );
  const purpose = purposeOf(operation, new Set(parts.map((part) => part.split(":")[0] ?? "")));
  return purpose === undefined ? undefined : { purpose, parts, conditions: conditionsOf(body) };
}

/** `checkpoint:S` and so on of a row, without what is ours alone. */
export function attributesOf(row: Row): readonly string[] {
  return Object.entries(row)
    .filter(([name]) => !OURS.test(name))
    .map(([name, value]) => `${name}:${typeOf(value)}`);
}

function purposeOf(operation: string, parts: ReadonlySet<string>): Purpose | undefined {
  if (operation === "PutItem") return parts.has("leaseCounter") ? "create" : undefined;
  if (operation !== "UpdateItem") return undefined;
  if (parts.has("leaseOwner")) return "take";
  if (parts.has("-leaseOwner")) return "give back";
  if (parts.has("pendingCheckpoint")) return "prepare";
  if (parts.has("checkpoint")) return "commit";
  if (parts.has("leaseCounter")) return "renew";
  return parts.has("childShardIds") || parts.has("startingHashKey") ? "tell" : undefined;
}

function typeOf(value: AttributeValue): string {
  return Object.keys(value)[0] ?? "";
}

function itemParts(body: TableCall["body"]): readonly string[] {
  return Object.entries(body["Item"] as Row).map(([name, value]) => `${name}:${typeOf(value)}`);
}

interface LegacyUpdate {
  readonly Action?: "PUT" | "ADD" | "DELETE";
  readonly Value?: AttributeValue;
}

const MARK = { PUT: "", SET: "", ADD: "+", DELETE: "-", REMOVE: "-" } as const;

function updateParts(body: TableCall["body"]): readonly string[] {
  if (body["UpdateExpression"] !== undefined) return expressionParts(body);
  const all = (body["AttributeUpdates"] ?? {}) as Readonly<Record<string, LegacyUpdate>>;
  return Object.entries(all).map(([name, { Action = "PUT", Value }]) =>
    Action === "DELETE" || Value === undefined ? `-${name}` : `${MARK[Action]}${name}:${typeOf(Value)}`,
  );
}

function expressionParts(body: TableCall["body"]): readonly string[] {
  const values = (body["ExpressionAttributeValues"] ?? {}) as Row;
  // The words of the clauses stand between their lists: "", "SET", " a = :b ", "REMOVE", " c".
  const clauses = String(body["UpdateExpression"]).split(/\b(SET|REMOVE|ADD|DELETE)\b/);
  const found: string[] = [];
  for (let at = 1; at < clauses.length; at += 2) {
    const mark = MARK[clauses[at] as keyof typeof MARK];
    for (const assignment of (clauses[at + 1] ?? "").split(",")) {
      const [name = "", ...rest] = assignment.trim().split(/[\s=]+/);
      const value = values[rest.at(-1) ?? ""];
      found.push(`${mark}${named(name, body)}${value === undefined ? "" : `:${typeOf(value)}`}`);
    }
  }
  return found;
}

function named(name: string, body: TableCall["body"]): string {
  const names = (body["ExpressionAttributeNames"] ?? {}) as Readonly<Record<string, string>>;
  return names[name] ?? name;
}

interface LegacyExpectation {
  readonly Exists?: boolean;
  readonly ComparisonOperator?: string;
}

function conditionsOf(body: TableCall["body"]): readonly string[] {
  const text = body["ConditionExpression"];
  if (typeof text === "string")
    return text.split(/\s+AND\s+/i).map((term) => {
      const call = /^(attribute_(?:not_)?exists)\s*\(\s*([#\w]+)\s*\)$/.exec(term.trim());
      if (call === null) return `${named(term.trim().split(/[\s=]+/)[0] ?? "", body)} =`;
      return `${call[1] === "attribute_exists" ? "has" : "no"} ${named(call[2] ?? "", body)}`;
    });
  const expected = (body["Expected"] ?? {}) as Readonly<Record<string, LegacyExpectation>>;
  return Object.entries(expected).map(([name, { Exists, ComparisonOperator }]) => {
    if (Exists === false || ComparisonOperator === "NULL") return `no ${name}`;
    return ComparisonOperator === "NOT_NULL" ? `has ${name}` : `${name} =`;
  });
}
