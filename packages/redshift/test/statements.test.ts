import { batchOf, contextOf, deliver, failureFrom, planOf } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { asError, KinesisConnectorError } from "@kinesis-connectors/core";
import {
  emitterOn,
  hurriedClock,
  isLoad,
  ledgerRowOf,
  type Outcome,
  startDataApi,
  startStagingS3,
  type Submission,
} from "./data-api.js";

const loaded = (submission: Submission): Outcome =>
  isLoad(submission) ? { rows: [ledgerRowOf(submission)] } : {};

describe("a load", () => {
  it("is one submission of one transaction, and asks until it has ended", async () => {
    await using s3 = await startStagingS3();
    await using api = await startDataApi(loaded);
    const emitter = emitterOn(api, s3);
    const batch = batchOf([{ id: 1 }, { id: 2 }]);
    expect(await deliver(emitter, batch)).toEqual({ failed: [] });
    expect(api.submissions).toHaveLength(1);
    expect(api.calls).toEqual(["BatchExecuteStatement", "DescribeStatement", "GetStatementResult"]);
    const [row, manifest] = [...s3.s3.objects("staging")].toSorted((a, b) => a.key.length - b.key.length);
    expect(row?.key).toMatch(
      /^orders\/shardId-000000000003\/49600000000000-49600000000001-[0-9a-f]{16}\.json\.gz$/,
    );
    expect(JSON.parse(String(manifest?.body))).toEqual({
      entries: [{ url: `s3://staging/${row?.key}`, mandatory: true }],
    });
    await emitter.close?.();
  });

  it.each([
    ["1023", "ERROR: 1023\n  Detail: Serializable isolation violation on table - 1, transactions: 2, 3"],
    ["a deadlock", "ERROR: deadlock detected"],
    ["a lock", "ERROR: could not obtain lock on relation"],
    ["a full disk", "ERROR: Disk Full\n  Detail: node 0"],
    ["a cancelled query", "ERROR: Query (123) cancelled on user's request"],
    ["a restart", "ERROR: cluster is restarting"],
    ["something new", "ERROR: nobody has seen this before"],
  ])(
    "F63 %s fails the emission as a whole, and the next try loads under a token of its own",
    async (_name, error) => {
      await using s3 = await startStagingS3();
      await using api = await startDataApi((submission, number) =>
        number === 1 ? { status: "FAILED", error } : loaded(submission),
      );
      const emitter = emitterOn(api, s3);
      const batch = batchOf([{ id: 1 }]);
      const plan = planOf(emitter, batch);
      const failure = await failureFrom(emitter.emit(batch, contextOf(plan)));
      expect(KinesisConnectorError.isInstance(failure)).toBe(false);
      expect(await emitter.emit(batch, contextOf(plan, { attempt: 2 }))).toEqual({ failed: [] });
      expect(api.submissions.map(({ sqls }) => sqls.length)).toEqual([7, 7]);
      expect(api.submissions[0]?.token).toBe(plan.statement);
      expect(api.submissions[1]?.token).not.toBe(plan.statement);
      await emitter.close?.();
    },
  );

  it("F63 an aborted statement is tried again whatever its text says", async () => {
    await using s3 = await startStagingS3();
    await using api = await startDataApi((submission, number) =>
      number === 1 ? { status: "ABORTED", error: "permission denied" } : loaded(submission),
    );
    const emitter = emitterOn(api, s3);
    const failure = await failureFrom(deliver(emitter, batchOf([{ id: 1 }])));
    expect(KinesisConnectorError.isInstance(failure)).toBe(false);
    await emitter.close?.();
  });

  it.each([
    ["permission denied for relation orders", "grant INSERT"],
    ['relation "orders" does not exist', "create the table"],
    ['relation "cancelled_connection_timeouts" does not exist', "create the table"],
    ["permission denied for relation cancelled_connections", "grant INSERT"],
    ['column "total" of relation "orders" does not exist', "create the table"],
    [
      "User arn:aws:redshift:eu is not authorized to assume IAM Role arn:aws:iam::1:role/x",
      "attach `iamRole`",
    ],
  ])("F65 %s stops the shard with the cure", async (error, cure) => {
    await using s3 = await startStagingS3();
    await using api = await startDataApi(() => ({ status: "FAILED", error: `ERROR: ${error}` }));
    const emitter = emitterOn(api, s3);
    await expect(deliver(emitter, batchOf([{ id: 1 }]))).rejects.toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining(cure) as string,
    });
    await emitter.close?.();
  });

  it("F63 a next owner that submits while the first owner's statement runs is given that statement", async () => {
    await using s3 = await startStagingS3();
    await using api = await startDataApi(loaded);
    const first = emitterOn(api, s3);
    const nextOwner = emitterOn(api, s3);
    const batch = batchOf([{ id: 1 }]);
    const plan = planOf(first, batch);
    await first.emit(batch, contextOf(plan));
    await nextOwner.emit(batch, contextOf(plan, { inherited: true }));
    expect(api.submissions).toHaveLength(1);
    await first.close?.();
    await nextOwner.close?.();
  });

  it("F63 a statement that does not end is cancelled after its time, on the injected clock, and tried again", async () => {
    await using s3 = await startStagingS3();
    await using api = await startDataApi(() => ({ status: "STARTED" }));
    const emitter = emitterOn(api, s3, { statementTimeoutMs: 60_000, requestTimeoutMs: 3_600_000 });
    const batch = batchOf([{ id: 1 }]);
    const clock = hurriedClock();
    const failure = await failureFrom(emitter.emit(batch, contextOf(planOf(emitter, batch), { clock })));
    expect(failure).toMatchObject({ name: "TimeoutError" });
    expect(api.calls.at(-1)).toBe("CancelStatement");
    // Every 2 seconds at last: a minute takes some forty calls and not a thousand.
    expect(api.calls.filter((call) => call === "DescribeStatement").length).toBeLessThan(60);
    await emitter.close?.();
  });

  it.each([
    ["a statement that failed", ["FINISHED", "FAILED"]],
    ["a statement that was not reached", ["FINISHED", "SUBMITTED"]],
    ["fewer statements than were submitted", []],
    ["more statements than were submitted", ["FINISHED", "FINISHED", "FINISHED"]],
  ])("that says it has ended, with %s, is not believed and goes again", async (_name, last) => {
    await using s3 = await startStagingS3();
    await using api = await startDataApi((submission, number) => ({
      ...loaded(submission),
      parts: [
        ...Array.from({ length: submission.sqls.length - 2 }, () => "FINISHED"),
        ...(number === 1 ? last : ["FINISHED", "FINISHED"]),
      ],
    }));
    const emitter = emitterOn(api, s3);
    const batch = batchOf([{ id: 1 }]);
    const plan = planOf(emitter, batch);
    expect(String(await failureFrom(emitter.emit(batch, contextOf(plan))))).toMatch(/none of it is believed/);
    expect(await emitter.emit(batch, contextOf(plan, { attempt: 2 }))).toEqual({ failed: [] });
    expect(api.submissions).toHaveLength(2);
    await emitter.close?.();
  });

  it("whose ledger answers with the row of another load is not believed, nor is such a row an inherited batch", async () => {
    await using s3 = await startStagingS3();
    let isStrange = true;
    await using api = await startDataApi((submission) => {
      const [, ...rest] = ledgerRowOf(submission);
      return isStrange ? { rows: [["f".repeat(32), ...rest]] } : loaded(submission);
    });
    const emitter = emitterOn(api, s3);
    const batch = batchOf([{ id: 1 }]);
    const plan = planOf(emitter, batch);
    const asked = [
      () => emitter.emit(batch, contextOf(plan)),
      () => emitter.isWritten?.(batch, contextOf(plan, { inherited: true })),
    ];
    for (const ask of asked)
      expect(String(await failureFrom(Promise.resolve(ask())))).toMatch(/none of it is believed/);
    isStrange = false;
    expect(await emitter.emit(batch, contextOf(plan, { attempt: 2 }))).toEqual({ failed: [] });
    await emitter.close?.();
  });

  it("stops waiting at once when the shard is lost", async () => {
    await using s3 = await startStagingS3();
    const lost = new AbortController();
    await using api = await startDataApi(() => {
      setTimeout(() => lost.abort(new Error("the shard is lost")), 20);
      return { status: "STARTED" };
    });
    const emitter = emitterOn(api, s3);
    const batch = batchOf([{ id: 1 }]);
    const failure = await failureFrom(
      emitter.emit(batch, contextOf(planOf(emitter, batch), { signal: lost.signal })),
    );
    expect(failure.message).toBe("the shard is lost");
    await emitter.close?.();
  });

  it("S05 tells neither values nor SQL nor keys when it fails", async () => {
    await using s3 = await startStagingS3();
    const canary = "canary-4711";
    for (const error of [
      `ERROR: invalid input syntax for type integer: "${canary}"`,
      `ERROR: 1023 '${canary}'`,
      `ERROR: permission denied '${canary}'`,
      `something else\n ${canary}`,
    ]) {
      await using api = await startDataApi(() => ({ status: "FAILED", error }));
      const emitter = emitterOn(api, s3);
      const failure = await deliver(emitter, batchOf([{ id: canary }])).then(
        ({ failed }) => failed[0]?.error,
        asError,
      );
      if (failure === undefined) throw new Error("expected a failure");
      const said = `${failure.message} ${String(failure.cause)} ${JSON.stringify(failure)}`;
      expect(said).not.toContain(canary);
      expect(said).not.toContain("IAM_ROLE");
      await emitter.close?.();
    }
  });
});

describe("the Data API's refusals", () => {
  it.each([
    ["ActiveStatementsExceededException", 400],
    ["ThrottlingException", 400],
    ["InternalServerException", 500],
    ["DatabaseConnectionException", 500],
  ])("%s may pass by itself", async (code, status) => {
    await using s3 = await startStagingS3();
    await using api = await startDataApi(loaded);
    const emitter = emitterOn(api, s3);
    api.refuse("BatchExecuteStatement", code, status, 3);
    // The client repeats some of them by itself.
    for (let attempt = 1; attempt < 4; attempt += 1) {
      const outcome = await deliver(emitter, batchOf([{ id: 1 }]), { attempt }).catch(asError);
      if (!(outcome instanceof Error)) break;
      expect(outcome.name).toBe(code);
    }
    expect(await deliver(emitter, batchOf([{ id: 1 }]), { attempt: 4 })).toEqual({ failed: [] });
    expect(api.submissions.length).toBeGreaterThan(0);
    await emitter.close?.();
  });

  it("throttling does not keep a connector from starting", async () => {
    await using s3 = await startStagingS3();
    await using api = await startDataApi(loaded);
    const emitter = emitterOn(api, s3);
    api.refuse("BatchExecuteStatement", "ActiveStatementsExceededException", 400, 1);
    await emitter.open?.(contextOf(undefined));
    expect(await deliver(emitter, batchOf([{ id: 1 }]))).toEqual({ failed: [] });
    await emitter.close?.();
  });

  it.each(["ExpiredTokenException", "CredentialsProviderError"])(
    "%s is an outage where credentials are fetched, and refused where they were given",
    async (code) => {
      await using s3 = await startStagingS3();
      await using api = await startDataApi(loaded);
      const fetched = emitterOn(api, s3, {
        credentials: () => Promise.resolve({ accessKeyId: "a", secretAccessKey: "b" }),
      });
      api.refuse("BatchExecuteStatement", code, 400, 4);
      const failure = await deliver(fetched, batchOf([{ id: 1 }])).catch(asError);
      expect(failure).toMatchObject({ name: code });
      expect(KinesisConnectorError.isInstance(failure)).toBe(false);
      await fetched.close?.();
    },
  );

  it.each([
    ["AccessDeniedException", 400, "redshift-data:BatchExecuteStatement"],
    ["ValidationException", 400, "correct `cluster` or `workgroup`"],
    ["ValidationException", 400, "load fewer `columns`", "The SQL is longer than 100 KB"],
    ["ValidationException", 400, "load fewer `columns`", "Query statement exceeds the size limit"],
  ])("%s stops the shard with the cure", async (code, status, cure, message = "") => {
    await using s3 = await startStagingS3();
    await using api = await startDataApi(loaded);
    const emitter = emitterOn(api, s3);
    api.refuse("BatchExecuteStatement", code, status, 1, message);
    await expect(deliver(emitter, batchOf([{ id: 1 }]))).rejects.toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining(cure) as string,
    });
    await emitter.close?.();
  });
});

describe("the ledger's answer", () => {
  it("of the same rows means that the batch is written, whoever loaded it", async () => {
    await using s3 = await startStagingS3();
    await using api = await startDataApi((submission) => {
      const [loadId = "", , content = ""] = ledgerRowOf(submission);
      return { rows: [[loadId, "somebody else", content]] };
    });
    const emitter = emitterOn(api, s3);
    expect(await deliver(emitter, batchOf([{ id: 1 }]))).toEqual({ failed: [] });
    await emitter.close?.();
  });

  it("of other rows than planned stops the shard: some of them may be dead letters by now", async () => {
    await using s3 = await startStagingS3();
    await using api = await startDataApi((submission) => ({
      rows: [[ledgerRowOf(submission)[0] ?? "", "x", "0".repeat(64)]],
    }));
    const emitter = emitterOn(api, s3);
    await expect(deliver(emitter, batchOf([{ id: 1 }]))).rejects.toMatchObject({ code: "KC_PLACE_TAKEN" });
    await emitter.close?.();
  });

  it("says whether an inherited batch is written", async () => {
    await using s3 = await startStagingS3();
    let rows: string[][] = [];
    await using api = await startDataApi(() => ({ rows }));
    const emitter = emitterOn(api, s3);
    const batch = batchOf([{ id: 1 }]);
    const context = contextOf(planOf(emitter, batch), { inherited: true });
    expect(await emitter.isWritten?.(batch, context)).toBe(false);
    rows = [[batch.batchId, "x", "y"]];
    expect(await emitter.isWritten?.(batch, context)).toBe(true);
    await emitter.close?.();
  });
});
