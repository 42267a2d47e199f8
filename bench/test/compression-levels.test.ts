import { gzip, zstd } from "@kinesis-connectors/s3";
import { expect, it } from "vitest";
import { compressionLevels } from "../src/compression-levels.js";
import { documents } from "../src/data/documents.js";

it("levels of compression are told by objects that hold what they were made of, and by no other", async () => {
  const made = documents(1);
  const lines = Array.from({ length: 6_000 }, () => Buffer.concat([made.next().value, Buffer.from("\n")]));
  const inputs = [{ name: "lines", bytes: Buffer.concat(lines) }];
  const levels = [
    { name: "gzip", compression: gzip() },
    { name: "zstd", compression: zstd() },
  ];
  const figures = await compressionLevels(levels, inputs, { turns: 2, cpuMs: 0 });
  expect(figures.map(({ level, input }) => [level, input])).toEqual([
    ["gzip", "lines"],
    ["zstd", "lines"],
  ]);
  for (const { left, megabytesPerCpuSecond: rate } of figures)
    expect([left > 20 && left < 40, rate.min > 0 && rate.max >= rate.median]).toEqual([true, true]);

  const { pieces: _, ...whole } = gzip();
  const losing = { ...whole, compress: (bytes: Buffer) => whole.compress(bytes.subarray(1)) };
  const wrong = compressionLevels([{ name: "losing", compression: losing }], inputs, { turns: 1, cpuMs: 0 });
  await expect(wrong).rejects.toThrow("an object of losing does not hold");
});
