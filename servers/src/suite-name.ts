import type { TestServer } from "./test-server.js";

/**
 * The name of a suite that runs on a server: the closing lines of `npm test` count by it what ran where, and what did not run for want of a server.
 *
 * @param wanted what would have to be installed, such as `MariaDB or MySQL`
 */
export function suiteOn(server: TestServer | undefined, wanted: string): string {
  return server === undefined ? `needs ${wanted} (npm run test:servers)` : `on ${server.name}`;
}
