import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const PACKAGES = ["core", "consumer", "s3", "kinesis", "dynamodb", "parquet", "postgres"];

it("what a program imports of ours loads nothing of the AWS SDK", () => {
  const program = `
    import { createRequire } from "node:module";
    for (const name of ${JSON.stringify(PACKAGES)}) await import("@kinesis-connectors/" + name);
    const loaded = () => Object.keys(createRequire(import.meta.url).cache).filter((path) => /@aws-sdk|@smithy/.test(path));
    const atImport = loaded().length;
    await import("@aws-sdk/client-kinesis");
    process.stdout.write(JSON.stringify({ atImport, isSeen: loaded().length > 0 }));
  `;
  // A program that has all of them as its dependencies.
  const cwd = fileURLToPath(new URL("../../../../bench/", import.meta.url));
  const printed = execFileSync(process.execPath, ["--no-warnings", "--input-type=module", "-e", program], {
    cwd,
    encoding: "utf8",
  });
  expect(JSON.parse(printed)).toEqual({ atImport: 0, isSeen: true });
});
