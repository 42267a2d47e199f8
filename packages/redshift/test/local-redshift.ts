import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { ledgerSchema, redshiftEmitter, type RedshiftEmitterOptions } from "@kinesis-connectors/redshift";

/** Local S3 and Redshift with a ledger, and what tests ask of them. */
export interface LocalRedshift extends AsyncDisposable {
  readonly aws: LocalAws;
  /** Runs Redshift's SQL. */
  readonly query: LocalAws["redshift"]["query"];
  /** What connects an emitter: Data API, database, role, staging. */
  readonly options: ReturnType<typeof optionsOf>;
  readonly emitter: <Output extends object>(
    options: Pick<RedshiftEmitterOptions<Output>, "table" | "format"> &
      Partial<RedshiftEmitterOptions<Output>>,
  ) => ReturnType<typeof redshiftEmitter<Output>>;
}

function optionsOf(aws: LocalAws) {
  return {
    ...aws.clientOptions("redshift"),
    workgroup: "analytics",
    database: "dev",
    iamRole: "default",
    staging: { bucket: "staging", ...aws.clientOptions("s3") },
  };
}

/** On PGlite, or on the empty database of a PostgreSQL server that `KC_TEST_POSTGRES` names: there loaders contend for real. */
export async function startRedshift(
  connectionString: string | undefined = process.env["KC_TEST_POSTGRES"],
): Promise<LocalRedshift> {
  const aws = await startLocalAws({
    kinesis: false,
    dynamodb: false,
    opensearch: false,
    s3: { buckets: ["staging"] },
    redshift: connectionString === undefined ? {} : { connectionString },
  });
  await aws.redshift.query(ledgerSchema());
  const emitters: { readonly close?: () => Promise<void> }[] = [];
  return {
    aws,
    query: aws.redshift.query,
    options: optionsOf(aws),
    emitter: (options) => {
      const emitter = redshiftEmitter({ ...optionsOf(aws), ...options });
      emitters.push(emitter);
      return emitter;
    },
    [Symbol.asyncDispose]: async () => {
      for (const emitter of emitters) await emitter.close?.();
      await aws.close();
    },
  };
}
