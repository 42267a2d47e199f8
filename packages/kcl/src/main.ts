#!/usr/bin/env node
import { runCommand } from "./properties/command.js";

const { out, err, exitCode } = runCommand(process.argv.slice(2));
process.stdout.write(out);
process.stderr.write(err);
process.exitCode = exitCode;
