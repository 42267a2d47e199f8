import type { TestServer } from "./test-server.js";

/** The test functions of the caller, as Vitest has them. */
export interface Suites {
  (name: string, define: () => void): unknown;
  readonly skip: (name: string, define: () => void) => unknown;
}

/**
 * Defines a suite that runs on a server, and is skipped where there is none. The closing lines of `npm test` count by its name what ran where, and what did
 * not run for want of a server.
 *
 * @param wanted what would have to be installed, such as `MariaDB or MySQL`
 * @param define is given a server without an address where there is none
 */
export function describeOn(
  suites: Suites,
  server: TestServer | undefined,
  wanted: string,
  define: (server: TestServer) => void,
): void {
  if (server !== undefined) {
    suites(`on ${server.name}`, () => define(server));
    return;
  }
  const nobody: TestServer = { name: wanted, url: "none:", [Symbol.asyncDispose]: () => Promise.resolve() };
  suites.skip(`needs ${wanted} (npm run test:servers)`, () => define(nobody));
}
