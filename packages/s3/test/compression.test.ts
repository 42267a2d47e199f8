import { batchOf, deliver, thrownBy } from "@kinesis-connectors/testkit";
import { gunzipSync } from "node:zlib";
import { Zstd } from "@hpcc-js/wasm-zstd";
import { describe, expect, it } from "vitest";
import { gzip, none, zstd } from "@kinesis-connectors/s3";
import { startS3 } from "./local-s3.js";

const text = Buffer.from(JSON.stringify({ page: "/articles/1", agent: "Mozilla/5.0" }).repeat(5000));

describe("compression", () => {
  it("gives the bytes back, smaller", async () => {
    const gzipped = await gzip().compress(text);
    expect(gunzipSync(gzipped).equals(text)).toBe(true);
    const { decompress } = await loadedZstd();
    const packed = await zstd().compress(text);
    expect(decompress(packed).equals(text)).toBe(true);
    for (const bytes of [gzipped, packed]) expect(bytes.length).toBeLessThan(text.length / 10);
    expect(await none().compress(text)).toBe(text);
  });

  it("takes nothing at all, too", async () => {
    const { decompress } = await loadedZstd();
    expect(gunzipSync(await gzip().compress(Buffer.alloc(0)))).toHaveLength(0);
    expect(decompress(await zstd().compress(Buffer.alloc(0)))).toHaveLength(0);
  });

  it("shows in key and headers as query engines expect it", async () => {
    await using s3 = await startS3();
    await deliver(s3.emitter({ compression: zstd(1) }), batchOf([{ a: 1 }]));
    const [object] = s3.objects();
    expect(object?.key).toMatch(/\.ndjson\.zst$/);
    expect(object?.headers).toMatchObject({
      "content-type": "application/x-ndjson",
      "content-encoding": "zstd",
    });
    const { decompress } = await loadedZstd();
    expect(decompress(object?.body ?? Buffer.alloc(0)).toString()).toBe('{"a":1}\n');
  });

  it.each([0, 20, 1.5])("refuses level %d of zstd", (level) => {
    expect(thrownBy(() => zstd(level)).message).toContain("zstd level");
  });
});

async function loadedZstd(): Promise<{ readonly decompress: (bytes: Buffer) => Buffer }> {
  const loaded = await Zstd.load();
  return { decompress: (bytes) => Buffer.from(loaded.decompress(bytes)) };
}
