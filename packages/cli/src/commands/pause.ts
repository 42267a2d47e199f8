import type { Command } from "@stricli/core";
import { lazyCommand } from "../app/command.js";
import type { CliContext } from "../app/context.js";
import { toggle, withDefault } from "../app/flag-kinds.js";
import { APP, FAILOVER_FLAG, FLEET_FLAGS, JSON_FLAG, SHARD_FLAG } from "../app/flags.js";
import { durationOf } from "../app/inputs.js";
import type { PauseFlags } from "../steering/pause.js";

export const command: Command<CliContext> = lazyCommand<PauseFlags, [app?: string]>(
  async () => (await import("../steering/pause.js")).pause,
  {
    docs: {
      brief: "lets shards rest: their owners finish, commit and hold them, until they are resumed",
      fullDescription:
        "Says so in the lease table, which survives restarts and takeovers, and waits until the owners have stopped. Refuses, and changes nothing,\n" +
        "where a worker of the Java KCL owns a shard: it knows no pause.",
    },
    parameters: {
      positional: { kind: "tuple", parameters: [APP] },
      flags: {
        ...FLEET_FLAGS,
        ...SHARD_FLAG,
        ...FAILOVER_FLAG,
        ...JSON_FLAG,
        noWait: toggle("does not wait until the owners have stopped"),
        timeout: withDefault(durationOf, "1m", "how long to wait at most", "TIME"),
      },
    },
  },
);
