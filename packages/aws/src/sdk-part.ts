import { createRequire } from "node:module";
import { asError, KinesisConnectorError } from "@kinesis-connectors/core";

/** A bundler puts this file into another one and the SDK with it; as npm installed them, each stands by itself. */
const STANDS_ALONE = /\/sdk-part\.[jt]s$/.test(import.meta.url ?? "");

/**
 * A part of the AWS SDK that is loaded when it is first asked for, and not when a program starts: loading one client takes longer than loading
 * everything of ours.
 *
 * Node is asked by `require`, which takes half the time of `import()`: the SDK is CommonJS, which `import()` reads twice more, for its format and for
 * its names. Where that does not find it, as in a bundle, `load` does.
 *
 * @param name the module, such as `@aws-sdk/client-kinesis`
 * @param from `import.meta.url` of the package that has it as a dependency
 * @param load imports a file that hands on what is used of it, so that a bundler can leave out the rest
 * @returns the same part each time; rejects with KinesisConnectorError `KC_OPTION_INVALID` where it cannot be loaded, and looks again with the next call
 *
 * @example
 * ```ts
 * export const kinesisSdk = sdkPart("@aws-sdk/client-kinesis", import.meta.url, () => import("./kinesis-sdk.js"));
 * ```
 */
export function sdkPart<Part>(name: string, from: string, load: () => Promise<Part>): () => Promise<Part> {
  let part: Promise<Part> | undefined;
  const loadPart = async (): Promise<Part> => {
    try {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what `load` gives is a part of it
      return (required(name, from) as Part | undefined) ?? (await load());
    } catch (thrown) {
      const { message } = asError(thrown);
      const installed = name.split("/").slice(0, 2).join("/");
      throw new KinesisConnectorError(
        "KC_OPTION_INVALID",
        `the package ${name} cannot be loaded (${message.split("\n")[0]}): npm install ${installed}, or leave it in your bundle`,
        { cause: thrown },
      );
    }
  };
  // Behind the promise, which has been kept by then also where `load` throws at once.
  const forget = (error: unknown): never => {
    part = undefined;
    throw error;
  };
  return () => (part ??= loadPart().catch(forget));
}

function required(name: string, from: string): unknown {
  if (!STANDS_ALONE) return undefined;
  try {
    return createRequire(from)(name);
  } catch {
    return undefined;
  }
}
