import { runProcess } from "@kinesis-connectors/cli";

/** What `npm run estimate -- --help` prints before anything is compiled. */
export const USAGE = `npm run estimate -- (--module FILE | --config FILE) --input FILE [--format FORMAT] [--allow HOST:PORT] [--max-time TIME] [--json]
Runs a pipeline on records of a file, against servers on loopback, and says what a core carries and what to change first. Sends nothing anywhere.
  --module FILE       its default export is the pipeline, or a function that returns it; in apps/without-code it finds the packages of this repository
  --config FILE       a connector's file instead: apps/without-code/pipeline.yaml
  --input FILE        the records; gunzipped where its name ends in .gz
  --format FORMAT     lines (default): each line is a record; json-records: as aws kinesis get-records prints them; records: an archive of records()
  --allow HOST:PORT   a server that the transformer may ask; may be repeated
  --max-time TIME     how long to measure in all (default 30s)
  --json              one JSON object on standard output
`;

await runProcess(["estimate", ...process.argv.slice(2)]);
