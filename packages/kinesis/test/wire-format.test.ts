import { once } from "node:events";
import { createServer } from "node:http";
import { contextOf } from "@kinesis-connectors/testkit";
import { kinesisEmitter } from "@kinesis-connectors/kinesis";
import { describe, expect, it } from "vitest";
import { batchOf, startTarget } from "./support.js";

const batch = (count: number) =>
  batchOf(
    Array.from({ length: count }, (_, index) => ({ output: `record ${index}`, partitionKey: `k${index}` })),
  );

describe("the wire format", () => {
  it.each(["definite", "indefinite", "mixed", "refuse"] as const)(
    "suits a server whose CBOR is %s, batch after batch",
    async (cbor) => {
      await using local = await startTarget({ kinesis: { cbor } });
      const emitter = local.emitter({ ordering: "none" });
      for (let count = 0; count < 3; count += 1)
        expect((await emitter.emit(batch(700), contextOf(undefined))).failed).toEqual([]);
      expect(local.texts()).toHaveLength(2_100);
      expect(new Set(local.texts()).size).toBe(700);
    },
  );

  it("goes over to JSON where a server stops taking CBOR, and no record notices", async () => {
    const types: string[] = [];
    const server = createServer((request, response) => {
      const type = String(request.headers["content-type"]);
      types.push(type.replace(/^.*amz-|-1.1$/g, ""));
      request.resume().on("end", () => {
        const isCbor = type.includes("cbor");
        const json = { "content-type": "application/x-amz-json-1.1" };
        if (isCbor && types.length > 2) {
          response.writeHead(400, json).end('{"__type":"SerializationException"}');
        } else if (isCbor) {
          // {"Records": [{"ShardId": "s"}]}
          const body = Buffer.from("a1675265636f72647381a167536861726449646173", "hex");
          response.writeHead(200, { "content-type": "application/x-amz-cbor-1.1" }).end(body);
        } else response.writeHead(200, json).end('{"Records":[{"ShardId":"s"}],"FailedRecordCount":0}');
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const emitter = kinesisEmitter<string>({
      stream: "target",
      region: "eu-central-1",
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
      endpoint: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    });
    for (let count = 0; count < 4; count += 1)
      expect((await emitter.emit(batch(1), contextOf(undefined))).failed).toEqual([]);
    expect(types).toEqual(["cbor", "cbor", "cbor", "json", "json"]);
    await emitter.close?.();
    server.closeAllConnections();
    server.close();
  });
});
