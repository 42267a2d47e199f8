import type { Command } from "@stricli/core";
import { lazyCommand } from "../app/command.js";
import type { CliContext } from "../app/context.js";
import { JSON_FLAG } from "../app/flags.js";
import { versionOf } from "../app/version.js";

export const command: Command<CliContext> = lazyCommand<{ readonly json: boolean }>(
  async () =>
    ({ out }, { json }) => {
      const version = versionOf();
      if (json) out.json({ version, node: process.versions.node });
      else out.line(version);
      return Promise.resolve();
    },
  { docs: { brief: "prints the version" }, parameters: { flags: { ...JSON_FLAG } } },
);
