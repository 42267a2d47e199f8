import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { startLocalAws } from "@kinesis-connectors/local";
import { expect, it } from "vitest";
import { until } from "../support/fleet.js";
import { child } from "../support/kc.js";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

it("the ten lines of YAML on the front page are run by its one command, as it stands there", async () => {
  const page = readFileSync(`${ROOT}README.md`, "utf8");
  const section = page.slice(page.indexOf("## Without code"), page.indexOf("## A connector"));
  const yaml = /```yaml\n([^`]*)```/.exec(section)?.[1]?.trim().split("\n") ?? [];
  expect(yaml.length).toBeLessThanOrEqual(10);
  const [, words = ""] = /^npm run kc -- (run .*)$/m.exec(section) ?? [];
  const [, stream = "", shards = "", bucket = ""] =
    /--stream (\S+) --shards (\d+) --bucket (\S+)/.exec(section) ?? [];

  await using aws = await startLocalAws({ limits: "off", s3: { buckets: [bucket] } });
  aws.kinesis.createStream({ name: stream, shardCount: Number(shards) });
  aws.kinesis.putRecords(
    stream,
    Array.from({ length: 100 }, (_, index) => ({
      partitionKey: `key-${index}`,
      data: Buffer.from(JSON.stringify({ id: index, durationMs: index })),
    })),
  );
  // What `npm run kc` starts once it is built. Another process may have the port of the file just now.
  const connector = child(
    `${ROOT}apps/without-code/dist/main.js`,
    words.split(" "),
    { ...aws.env, ADMIN_PORT: "0" },
    ROOT,
  );
  const ended = connector.done.then(({ code, stderr }) => {
    if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  });
  const lines = () =>
    [...aws.s3.objects(bucket)]
      .filter(({ key }) => key.endsWith(".ndjson.gz"))
      .flatMap(({ body }) => gunzipSync(body).toString().trim().split("\n"));
  try {
    await Promise.race([until(() => lines().length === 99), ended]);
    expect(lines()).toHaveLength(99);
  } finally {
    connector.kill("SIGTERM");
  }
  await ended;
});
