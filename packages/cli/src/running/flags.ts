import type { FlagParametersForType } from "@stricli/core";
import type { CliContext } from "../app/context.js";
import { repeated } from "../app/flag-kinds.js";
import { textOf } from "../app/inputs.js";

export const ENV_FILE_FLAG: FlagParametersForType<{ readonly envFile?: readonly string[] }, CliContext> = {
  envFile: repeated(
    textOf,
    "NAME=VALUE lines for ${NAME} and for AWS; what the environment has goes before",
    "FILE",
  ),
};
