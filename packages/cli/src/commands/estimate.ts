import type { Command } from "@stricli/core";
import { lazyCommand } from "../app/command.js";
import type { CliContext } from "../app/context.js";
import { optionalText, repeated, withDefault } from "../app/flag-kinds.js";
import { JSON_FLAG } from "../app/flags.js";
import { durationOf, textOf } from "../app/inputs.js";
import type { EstimateFlags } from "../estimate/estimate.js";
import { INPUT_FORMATS } from "../estimate/input/formats.js";

export const command: Command<CliContext> = lazyCommand<EstimateFlags>(
  async () => (await import("../estimate/estimate.js")).estimate,
  {
    docs: {
      brief: "runs a pipeline on records of a file: shards for each core, memory, what costs most",
      fullDescription:
        "The pipeline runs in the connector itself, which reads the records from a server on loopback, in processes of their own. Nothing is sent anywhere:\n" +
        "objects for S3 go to a server on loopback that keeps nothing, other destinations are left out, and every other connection is refused.",
    },
    parameters: {
      flags: {
        ...JSON_FLAG,
        module: optionalText(
          "module whose default export is the pipeline, or a function that returns it",
          "FILE",
        ),
        config: optionalText("connector's file, instead of a module: its pipeline", "FILE"),
        input: {
          kind: "parsed",
          parse: textOf,
          brief: "the records; gunzipped where its name ends in .gz",
          placeholder: "FILE",
        },
        format: {
          kind: "enum",
          values: INPUT_FORMATS,
          default: "lines",
          brief:
            "lines: each line is a record; json-records: as aws kinesis get-records prints them; records: an archive of records()",
        },
        allow: repeated(textOf, "a server that the transformer may ask; may be repeated", "HOST:PORT"),
        maxTime: withDefault(
          durationOf,
          "30s",
          "how long to measure in all, from 5s; what the starts of its six processes take beyond a fifth of it comes on top",
          "TIME",
        ),
      },
    },
  },
);
