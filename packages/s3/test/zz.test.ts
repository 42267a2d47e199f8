import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { silentLogger, systemClock, systemRandom } from "@kinesis-connectors/core";
import { it } from "vitest";
import { ndjson, s3Emitter } from "../src/index.js";
const stores = JSON.parse(process.env["STORES"] ?? "{}") as Record<string, { port: number; user: string; secret: string }>;
it("stores", async () => {
  for (const [name, { port, user, secret }] of Object.entries(stores)) {
    const endpoint = `http://127.0.0.1:${port}`;
    const credentials = { accessKeyId: user, secretAccessKey: secret };
    const client = new S3Client({ endpoint, region: "us-east-1", credentials, forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket: "probe" })).catch((e: Error) => console.log(name, "create:", e.name, e.message));
    for (const more of [{}, { multipartAboveBytes: 6 * 1024 * 1024 }]) for (let n = 0; n < 2; n++) {
      const emitter = s3Emitter<Uint8Array>({ bucket: "probe", prefix: "a", format: ndjson(), endpoint, credentials, region: "us-east-1", ...more });
      const started = Date.now();
      try {
        await emitter.open?.({ signal: new AbortController().signal, logger: { ...silentLogger, debug: (f, m) => console.log("  dbg", JSON.stringify(f), m) }, clock: systemClock, random: systemRandom } as never);
        console.log(name, n, "PASSES", Date.now() - started, "ms");
      } catch (e) { console.log(name, n, "REFUSED", Date.now() - started, "ms", (e as { code?: string }).code, (e as Error).message, (e as Error).cause); }
      await emitter.close?.();
    }
    client.destroy();
  }
}, 200_000);
