import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { systemClock } from "@kinesis-connectors/core";
import { afterEach, describe, expect, test } from "vitest";

import { checkMappings } from "../src/mapping/check-mapping.js";
import type { EventSourceMapping } from "../src/mapping/event-source-mapping.js";
import { listMappingsBy } from "../src/mapping/list-mappings.js";

const GOOD: EventSourceMapping = {
  UUID: "u-1",
  State: "Enabled",
  ParallelizationFactor: 1,
  MaximumRetryAttempts: -1,
  MaximumRecordAgeInSeconds: -1,
  TumblingWindowInSeconds: 0,
  FunctionResponseTypes: ["ReportBatchItemFailures"],
};
const ALL = { hasRows: true, prepares: true };

describe("a mapping", () => {
  test("that is as it should be is told nothing of", () => {
    expect(checkMappings([GOOD], ALL)).toEqual({ refusal: undefined, warnings: [], reportsFailures: true });
  });

  test("with a ParallelizationFactor of more than 1 is refused where there are rows, and the message says what is lost and how to mend it", () => {
    const several = { ...GOOD, ParallelizationFactor: 2 };
    const { refusal } = checkMappings([several], ALL);
    expect(refusal).toMatchObject({ code: "KC_OPTION_INVALID" });
    expect(refusal?.message).toMatch(
      /ParallelizationFactor 2.*loses records.*--uuid u-1 --parallelization-factor 1/s,
    );
    expect(checkMappings([several], { hasRows: false, prepares: false }).refusal).toBeUndefined();
  });

  test("with FilterCriteria is refused where batches are prepared", () => {
    const filtered = { ...GOOD, FilterCriteria: { Filters: [{ Pattern: "{}" }] } };
    expect(checkMappings([filtered], ALL).refusal?.message).toContain("give the pipeline a filter");
    expect(checkMappings([filtered], { hasRows: true, prepares: false }).refusal).toBeUndefined();
    expect(checkMappings([{ ...GOOD, FilterCriteria: { Filters: [] } }], ALL).refusal).toBeUndefined();
  });

  test.each([
    [
      "no ReportBatchItemFailures",
      { FunctionResponseTypes: [] },
      "--function-response-types ReportBatchItemFailures",
    ],
    ["finite retries without a destination", { MaximumRetryAttempts: 3 }, "--destination-config"],
    ["a finite age without a destination", { MaximumRecordAgeInSeconds: 3_600 }, "--destination-config"],
    ["a tumbling window", { TumblingWindowInSeconds: 60 }, "--tumbling-window-in-seconds 0"],
  ] as const)("with %s is warned of, with the cure", (_, given, cure) => {
    const { warnings, refusal } = checkMappings([{ ...GOOD, ...given }], ALL);
    expect(refusal).toBeUndefined();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(cure);
  });

  test("with finite retries and a destination is told nothing of", () => {
    const DestinationConfig = { OnFailure: { Destination: "arn:aws:sqs:eu-central-1:000000000000:q" } };
    expect(checkMappings([{ ...GOOD, MaximumRetryAttempts: 3, DestinationConfig }], ALL).warnings).toEqual(
      [],
    );
  });

  test("that is disabled counts only where there is no other", () => {
    const disabled = { ...GOOD, State: "Disabled", ParallelizationFactor: 10 };
    expect(checkMappings([disabled, GOOD], ALL).refusal).toBeUndefined();
    expect(checkMappings([disabled], ALL).refusal).toBeDefined();
  });

  test("answers count only where all of them report failures", () => {
    expect(checkMappings([GOOD, { ...GOOD, FunctionResponseTypes: null }], ALL).reportsFailures).toBe(false);
  });
});

describe("Lambda, asked for the mappings of a function", () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  });

  const QUESTION = {
    functionArn: "arn:aws:lambda:eu-west-1:000000000000:function:clicks:live",
    eventSourceArn: "arn:aws:kinesis:eu-west-1:000000000000:stream/clicks",
    signal: new AbortController().signal,
  };

  async function lister(answer: (request: IncomingMessage, response: ServerResponse) => void) {
    const server = createServer(answer);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return listMappingsBy(
      {
        region: undefined,
        credentials: { accessKeyId: "AKID", secretAccessKey: "SECRET" },
        endpoints: { lambda: `http://127.0.0.1:${port}` },
        allowInsecure: false,
        proxy: undefined,
      },
      systemClock,
    );
  }

  test("is asked by a signed request, page by page", async () => {
    const urls: string[] = [];
    const authorizations: (string | undefined)[] = [];
    const list = await lister((request, response) => {
      urls.push(request.url ?? "");
      authorizations.push(request.headers.authorization);
      response.end(
        JSON.stringify(
          urls.length === 1
            ? { EventSourceMappings: [GOOD], NextMarker: "next" }
            : { EventSourceMappings: [{ ...GOOD, UUID: "u-2" }], NextMarker: null },
        ),
      );
    });
    const mappings = await list(QUESTION);
    expect(mappings?.map(({ UUID }) => UUID)).toEqual(["u-1", "u-2"]);
    const [first = "", second = ""] = urls;
    const query = new URL(first, "http://localhost").searchParams;
    expect(query.get("FunctionName")).toBe(QUESTION.functionArn);
    expect(query.get("EventSourceArn")).toBe(QUESTION.eventSourceArn);
    expect(new URL(second, "http://localhost").searchParams.get("Marker")).toBe("next");
    for (const authorization of authorizations)
      expect(authorization).toMatch(
        /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-west-1\/lambda\/aws4_request/,
      );
  });

  test("that refuses says that the function may not look", async () => {
    const list = await lister((_, response) => response.writeHead(403).end("{}"));
    expect(await list(QUESTION)).toBeUndefined();
  });

  test("that does not answer is an error with the cures, and holds no credential", async () => {
    const list = await lister((_, response) => response.writeHead(500).end("{}"));
    const error = await list(QUESTION).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "KC_READ_REFUSED",
      message: expect.stringMatching(/VPC endpoint.*parallelizationFactor: 1/s),
    });
    expect(String(error)).not.toContain("SECRET");
  });
});
