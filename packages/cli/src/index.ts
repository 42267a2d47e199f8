export { type CliOptions, runCli } from "./app/run-cli.js";
export type { InputStream, OutputStream } from "./output/streams.js";
