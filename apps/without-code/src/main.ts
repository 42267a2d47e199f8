import { runProcess } from "@kinesis-connectors/cli";

/** What `npm run kc -- --help` prints before anything is compiled. */
export const USAGE = `npm run kc -- COMMAND ...
The command kinesis-connectors out of this repository, beside all of its destinations:
  run FILE...       runs connectors from files: npm run kc -- run apps/without-code/pipeline.yaml
  validate FILE...  looks for what is wrong with files
  status [APP]      each shard of an application, by its lease table; also shards, lag, workers, leases
  tail STREAM       records of a stream as they come; also peek
  pause [APP]       lets its shards rest, until resume [APP]; checkpoint reset [APP] moves them
  console [APP]     the fleet in a browser
  dead-letters, create, doctor ...: npm run kc lists all, npm run kc -- COMMAND --help has the flags
`;

await runProcess(process.argv.slice(2));
