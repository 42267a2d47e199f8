#!/usr/bin/env node
import { FlagError, readFlags, USAGE } from "./flags.js";
import { startAsked } from "./start-asked.js";

async function main(): Promise<void> {
  const flags = readFlags(process.argv.slice(2));
  if (flags.help) {
    process.stdout.write(USAGE);
    return;
  }
  const { local, queueUrls } = await startAsked(flags);
  for (const [name, value] of Object.entries(local.env)) process.stdout.write(`export ${name}=${value}\n`);
  for (const url of queueUrls) process.stdout.write(`# queue ${url}\n`);
  process.stdout.write("# serving until stopped with Ctrl-C\n");
  const stop = (): void => {
    void local.close();
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

/** The error names the options of startLocalAws; here they are flags. */
function inFlags(message: string): string {
  return message
    .replace("`kinesis.port`", "--port")
    .replace("`s3.port`", "--s3-port")
    .replace("`dynamodb.port`", "--dynamodb-port")
    .replace("`opensearch.port`", "--opensearch-port")
    .replace("`redshift.port`", "--redshift-port")
    .replace("`iceberg.port`", "--iceberg-port")
    .replace("`firehose.port`", "--firehose-port")
    .replace("`sqs.port`", "--sqs-port");
}

main().catch((error: unknown) => {
  process.stderr.write(
    `kinesis-local-aws: ${inFlags(error instanceof Error ? error.message : String(error))}\n`,
  );
  process.exitCode = error instanceof FlagError ? 2 : 1;
});
