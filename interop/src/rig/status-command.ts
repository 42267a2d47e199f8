import type { LocalAws } from "@kinesis-connectors/local";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const COMMAND = fileURLToPath(new URL("main.js", import.meta.resolve("@kinesis-connectors/cli")));

/** Of what `kinesis-connectors status --json` prints, what a run looks at. */
export interface Status {
  readonly shards: readonly {
    readonly shardId: string;
    readonly owner: string | null;
    readonly ownerKind: "ours" | "kcl" | null;
    readonly checkpoint: string;
  }[];
}

/** Runs `kinesis-connectors status` as an operator would, in a process of its own. Rejects with what it printed where it fails. */
export async function statusOf(aws: LocalAws, application: string): Promise<Status> {
  const { endpoint, region, credentials } = aws.clientOptions("dynamodb");
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [COMMAND, "status", application, "--json", "--endpoint-dynamodb", endpoint, "--region", region],
    {
      env: {
        ...process.env,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      },
    },
  );
  return JSON.parse(stdout) as Status;
}
