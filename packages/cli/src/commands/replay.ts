import type { Command } from "@stricli/core";
import { lazyCommand } from "../app/command.js";
import type { CliContext } from "../app/context.js";
import { optional, optionalText, toggle } from "../app/flag-kinds.js";
import { APP, FLEET_FLAGS, JSON_FLAG } from "../app/flags.js";
import { momentOf, textOf, wholeNumberOf } from "../app/inputs.js";
import type { ReplayFlags } from "../replay/replay.js";

export const command: Command<CliContext> = lazyCommand<ReplayFlags, [app?: string]>(
  async () => (await import("../replay/replay.js")).replay,
  {
    docs: {
      brief: "runs a range of time of a stream, or an archive, through a file's pipeline once more",
      fullDescription:
        "The pipeline is that of --config. The replay is an application of its own, --as NAME, with rows in a table of its own, and ends by itself;\n" +
        "stopped or killed, the same command goes on, with the times that its first line says (5m ago is another time by then). Exit 3, and nothing is written, where records would be twice at the destination.",
    },
    parameters: {
      positional: { kind: "tuple", parameters: [APP] },
      flags: {
        ...FLEET_FLAGS,
        ...JSON_FLAG,
        from: optional(momentOf, "what arrived since then: a time with its zone, or how long ago", "TIME"),
        to: optional(
          momentOf,
          "what arrived before then; of a stream, shards that go on are waited for until five minutes past it",
          "TIME",
        ),
        as: {
          kind: "parsed",
          parse: textOf,
          brief: "names the replay, and its lease table",
          placeholder: "NAME",
        },
        archive: optionalText("reads an archive of records() on S3 instead of the stream", "BUCKET/PREFIX"),
        endpointS3: optionalText("another endpoint of S3 than AWS's own", "URL"),
        fanOut: toggle("reads by a registered consumer of its own, named like the replay"),
        maxBytesPerSecond: optional(
          wholeNumberOf(1, Number.MAX_SAFE_INTEGER),
          "most bytes per second of one shard (default: 524288)",
          "BYTES",
        ),
        into: {
          kind: "enum",
          values: ["other"],
          optional: true,
          brief: "other: the destination is another place than the live one, or twice is meant",
        },
        onRetentionGap: {
          kind: "enum",
          values: ["stop", "continue"],
          optional: true,
          brief: "continue: what the stream no longer keeps is left out (default: stop, and say so)",
        },
      },
    },
  },
);
