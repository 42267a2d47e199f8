import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A request as the fake was asked. */
export interface Asked {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** What it says to a request: an answer, or nothing ever (`silence`), or the end of the connection. */
export type Answer =
  | { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }
  | "silence"
  | "reset";

/** A registry on loopback, whose answers a test decides. */
export interface FakeRegistry {
  readonly url: string;
  readonly asked: readonly Asked[];
  answer: (asked: Asked) => Answer;
  readonly close: () => Promise<void>;
}

export async function startFakeRegistry(answer: (asked: Asked) => Answer): Promise<FakeRegistry> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void reply(request, response);
  });
  const reply = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const one = { path: request.url ?? "", headers: request.headers, body: await text(request) };
    asked.push(one);
    const given = fake.answer(one);
    if (given === "silence") return;
    if (given === "reset") {
      request.socket.destroy();
      return;
    }
    response.writeHead(given.status, { "content-type": "application/x-amz-json-1.1", ...given.headers });
    response.end(typeof given.body === "string" ? given.body : JSON.stringify(given.body));
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const fake: FakeRegistry = {
    url: `http://127.0.0.1:${port}`,
    asked,
    answer,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return fake;
}

/** A schema as a fixture has it. */
export interface Fixture {
  readonly id: string | number;
  readonly type: "AVRO" | "JSON" | "PROTOBUF";
  readonly name: string;
  readonly schema: string;
  readonly data: string;
}

/** The fixtures in a file of `test/fixtures`. */
export function fixturesIn(file: string): readonly Fixture[] {
  return JSON.parse(readFileSync(new URL(`../fixtures/${file}`, import.meta.url), "utf8")) as Fixture[];
}

/** GetSchemaVersion of Glue (API reference), over JSON 1.1. */
export function glueAnswers(fixtures: readonly Fixture[]): (asked: Asked) => Answer {
  return ({ body, headers }) => {
    if (headers["x-amz-target"] !== "AWSGlue.GetSchemaVersion")
      return { status: 400, body: { __type: "UnknownOperationException" } };
    const { SchemaVersionId } = JSON.parse(body) as { SchemaVersionId: string };
    const found = fixtures.find(({ id }) => id === SchemaVersionId);
    if (found === undefined)
      return {
        status: 400,
        body: { __type: "EntityNotFoundException", Message: "Schema version is not found." },
      };
    const { type, schema } = found;
    return {
      status: 200,
      body: {
        SchemaVersionId,
        SchemaDefinition: schema,
        DataFormat: type,
        Status: "AVAILABLE",
        VersionNumber: 1,
      },
    };
  };
}

/** `GET /schemas/ids/{id}` and `GET /subjects/{subject}/versions/{version}` of Confluent's registry. */
export function confluentAnswers(schemas: Readonly<Record<string, object>>): (asked: Asked) => Answer {
  return ({ path }) => {
    const body = schemas[path];
    return body === undefined
      ? { status: 404, body: { error_code: 40403, message: "Schema not found" } }
      : { status: 200, body };
  };
}
