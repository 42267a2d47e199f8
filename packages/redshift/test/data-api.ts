import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type Clock, systemClock } from "@kinesis-connectors/core";
import { redshiftEmitter, type RedshiftEmitterOptions, jsonAuto } from "@kinesis-connectors/redshift";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";

/** How a submitted batch of statements ends. */
export interface Outcome {
  /** Default FINISHED. */
  readonly status?: "FINISHED" | "FAILED" | "ABORTED" | "STARTED";
  readonly error?: string;
  /** States of its statements, one by one. Default: they are left out. */
  readonly parts?: readonly string[];
  /** Rows of the last statement. */
  readonly rows?: readonly (readonly (string | number | null)[])[];
}

/** A submission, as it came in. */
export interface Submission {
  readonly sqls: readonly string[];
  readonly token: string;
}

/** The Data API over HTTP with outcomes that the test decides: what the service says, word by word, without a database. */
export interface ScriptedDataApi extends AsyncDisposable {
  readonly endpoint: string;
  readonly submissions: Submission[];
  /** Operations in the order of their calls. */
  readonly calls: string[];
  /** Refuses the next calls of an operation with this error code. */
  readonly refuse: (operation: string, code: string, status: number, times: number, message?: string) => void;
}

/** What an operation is refused with, by its input; undefined where it is allowed. */
export type Deny = (
  operation: string,
  input: Readonly<Record<string, unknown>>,
) => { readonly code: string; readonly message: string } | undefined;

export async function startDataApi(
  outcomeOf: (submission: Submission, number: number) => Outcome,
  deny: Deny = () => undefined,
): Promise<ScriptedDataApi> {
  const submissions: Submission[] = [];
  const calls: string[] = [];
  const statements = new Map<string, Outcome>();
  const byToken = new Map<string, string>();
  const refusals: { operation: string; code: string; status: number; left: number; message: string }[] = [];
  const answer = (operation: string, body: Readonly<Record<string, unknown>>): object => {
    if (operation === "BatchExecuteStatement") {
      const submission = { sqls: body["Sqls"] as string[], token: String(body["ClientToken"]) };
      let id = byToken.get(submission.token);
      if (id === undefined) {
        submissions.push(submission);
        id = `statement-${submissions.length}`;
        byToken.set(submission.token, id);
        statements.set(id, outcomeOf(submission, submissions.length));
      }
      return { Id: id };
    }
    const id = String(body["Id"]);
    const outcome = statements.get(id.split(":")[0] ?? "") ?? {};
    if (operation === "DescribeStatement")
      return {
        Id: id,
        Status: outcome.status ?? "FINISHED",
        Error: outcome.error,
        SubStatements: outcome.parts?.map((Status, index) => ({ Id: `${id}:${index + 1}`, Status })),
      };
    if (operation === "CancelStatement") {
      statements.set(id, { status: "ABORTED", error: "cancelled on user's request" });
      return { Status: true };
    }
    const fieldOf = (value: string | number | null): object =>
      value === null
        ? { isNull: true }
        : typeof value === "number"
          ? { longValue: value }
          : { stringValue: value };
    return {
      Records: (outcome.rows ?? []).map((row) => row.map(fieldOf)),
      TotalNumRows: outcome.rows?.length ?? 0,
    };
  };
  const server = createServer((request, response) => {
    void textOf(request).then((text) => {
      const operation = String(request.headers["x-amz-target"]).split(".")[1] ?? "";
      calls.push(operation);
      const refusal = refusals.find((one) => one.operation === operation && one.left > 0);
      response.setHeader("content-type", "application/x-amz-json-1.1");
      if (refusal !== undefined) {
        refusal.left -= 1;
        response
          .writeHead(refusal.status)
          .end(JSON.stringify({ __type: refusal.code, message: refusal.message }));
        return;
      }
      const input = JSON.parse(text) as Record<string, unknown>;
      const denial = deny(operation, input);
      if (denial === undefined) response.end(JSON.stringify(answer(operation, input)));
      else response.writeHead(400).end(JSON.stringify({ __type: denial.code, message: denial.message }));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    submissions,
    calls,
    refuse: (operation, code, status, times, message = "refused by the test") => {
      refusals.push({ operation, code, status, left: times, message });
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += String(chunk);
  return text;
}

/** The ledger row that a load would find at its end, read off the statements themselves. */
export function ledgerRowOf({ sqls }: Submission): string[] {
  const insert = sqls.find((sql) => sql.startsWith('INSERT INTO "kc_ledger"')) ?? "";
  const [, loadId = "", content = ""] =
    /SELECT '(\w+)' AS load_id, '(\w+)' AS content_sha256/.exec(insert) ?? [];
  const [, loader = ""] = /kc_new\.load_id, '[^']+', '(\w+)'/.exec(insert) ?? [];
  return [loadId, loader, content];
}

export const isLoad = ({ sqls }: Submission): boolean => sqls[0]?.startsWith("LOCK ") === true;

/** A local S3 with one bucket, and emitters against a scripted Data API. */
export async function startStagingS3(): Promise<LocalAws> {
  return startLocalAws({ kinesis: false, dynamodb: false, opensearch: false, s3: { buckets: ["staging"] } });
}

export function emitterOn<Output extends object>(
  api: Pick<ScriptedDataApi, "endpoint">,
  s3: LocalAws,
  options: Partial<RedshiftEmitterOptions<Output>> = {},
): ReturnType<typeof redshiftEmitter<Output>> {
  return redshiftEmitter<Output>({
    endpoint: api.endpoint,
    region: "eu-central-1",
    credentials: s3.clientOptions("s3").credentials,
    ...(options.cluster === undefined && { workgroup: "analytics" }),
    database: "shop",
    table: "orders",
    iamRole: "default",
    staging: { bucket: "staging", prefix: "orders", ...s3.clientOptions("s3") },
    format: jsonAuto(),
    ...options,
  });
}

/** Waits of a poll pass at once and count in full; the time limit of a request does not come. */
export function hurriedClock(): Clock {
  let nowMs = 0;
  return {
    now: () => nowMs,
    monotonicNow: () => nowMs,
    setTimer: (delayMs, callback) => {
      if (delayMs > 10_000) return systemClock.setTimer(delayMs, callback);
      nowMs += delayMs;
      return systemClock.setTimer(0, callback);
    },
  };
}
