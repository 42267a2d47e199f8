#!/usr/bin/env node
import { runProcess } from "@kinesis-connectors/cli";

await runProcess(["init", ...process.argv.slice(2)]);
