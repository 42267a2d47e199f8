#!/usr/bin/env node
import { runProcess } from "./app/run-process.js";

await runProcess(process.argv.slice(2));
