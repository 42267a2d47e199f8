import type { Command } from "@stricli/core";
import { lazyCommand } from "../app/command.js";
import type { CliContext } from "../app/context.js";
import { optionalText, repeated, toggle, withDefault } from "../app/flag-kinds.js";
import { APP, FAILOVER_FLAG, FLEET_FLAGS, JSON_FLAG } from "../app/flags.js";
import { textOf, wholeNumberOf } from "../app/inputs.js";
import type { ConsoleFlags } from "../console/console.js";

export const command: Command<CliContext> = lazyCommand<ConsoleFlags, [app?: string]>(
  async () => (await import("../console/console.js")).consoleServer,
  {
    docs: {
      brief: "shows a fleet in a browser, from its lease table and from processes",
      fullDescription:
        "Serves the console on loopback and prints its address, which carries a token that is new with every start. The lease table is scanned once\n" +
        "in two seconds while somebody looks, and nothing is changed without --allow-changes. No worker has to run; --connect adds what processes tell.\n" +
        "Their token comes from KC_ADMIN_TOKEN or --token-file. Without APP and --config: every lease table of the region. Ctrl-C ends it.",
    },
    parameters: {
      positional: { kind: "tuple", parameters: [APP] },
      flags: {
        ...FLEET_FLAGS,
        ...FAILOVER_FLAG,
        ...JSON_FLAG,
        connect: repeated(textOf, "the admin server of a process; may be repeated", "URL"),
        tokenFile: optionalText("file with the token of the processes", "FILE"),
        allowChanges: toggle("lets the console pause, resume and reset"),
        port: withDefault(
          wholeNumberOf(0, 65_535),
          "9465",
          "where it listens on 127.0.0.1; 0 takes a free port",
          "PORT",
        ),
        backupDir: withDefault(
          textOf,
          ".",
          "folder for the file with the rows as they were before a reset",
          "DIR",
        ),
      },
    },
  },
);
