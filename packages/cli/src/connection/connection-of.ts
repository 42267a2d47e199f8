import { resolve } from "node:path";
import { loadSource } from "@kinesis-connectors/config";
import type { CliContext } from "../app/context.js";
import type { FromFile } from "./from-file.js";

/**
 * What a connector's file says of the way to its stream and leases. Its destination need not be installed here.
 * @throws ConfigError with all that is wrong, each with its line and column
 */
export async function connectionOf({ cwd, env }: CliContext, file: string): Promise<FromFile> {
  const source = await loadSource(resolve(cwd, file), { env });
  const { credentials, endpoints, leases, redacted } = source;
  return {
    application: source.application,
    stream: source.streamArn ?? source.stream,
    region: source.region,
    endpointKinesis: endpoints?.kinesis,
    endpointDynamodb: endpoints?.dynamodb,
    allowInsecure: source.allowInsecure,
    leaseTable: source.leaseTable,
    leaseStore: source.leaseStore && { ...source.leaseStore, beside: resolve(cwd, file) },
    failoverTimeMs: leases?.failoverTimeMs,
    emitter: emitterOf(redacted),
    credentials,
    proxy: source.proxy,
  };
}

function emitterOf(config: unknown): string | undefined {
  const { emitter } = (config ?? {}) as { readonly emitter?: { readonly type?: unknown } };
  return typeof emitter?.type === "string" ? emitter.type : undefined;
}
