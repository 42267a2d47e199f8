import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import type { FromFile } from "../fleet/target.js";

/** What a connector's file says of the way to its stream and leases. */
export function connectionOf(_context: CliContext, file: string): Promise<FromFile> {
  throw new CliError("KC_USAGE", `${file} cannot be read yet`);
}
