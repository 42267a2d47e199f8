import { expect, it } from "vitest";
import { ConnectFailure, failureOf } from "../src/failures.js";

/** As Redis 6.2 says what a command in a script has met. */
const ofScript = (said: string): string =>
  `ERR Error running script (call to f_6b1bf486c81ceb7edf3c093f4c48582e38c0e791): @user_script:14: ${said}`;

it.each([
  ["READONLY You can't write against a read only replica.", "waiting", "primary"],
  [
    ofScript("@user_script: 14: -READONLY You can't write against a read only replica."),
    "waiting",
    "primary",
  ],
  [
    ofScript("@user_script: 14: -OOM command not allowed when used memory > 'maxmemory'."),
    "waiting",
    "maxmemory",
  ],
  [
    ofScript("@user_script: 14: -MISCONF Errors writing to the AOF file: No space left on device"),
    "waiting",
    "disk",
  ],
  ["ERR ACL failure in script: User c has no permissions to run the 'hset' command", "refused", "hset"],
  [
    ofScript(
      "@user_script: 12: The user executing the script can't run this command or subcommand script: 6b1b, on @user_script:12.",
    ),
    "refused",
    "ACL SETUSER",
  ],
  [ofScript("WRONGTYPE Operation against a key holding the wrong kind of value"), "fatal", "another kind"],
  [ofScript("user_script:14: attempt to index a nil value"), "fatal", "Redis 6.2"],
  ["ERR unknown command 'EVALSHA'", "fatal", "Redis 6.2"],
  ["WRONGPASS invalid username-password pair or user is disabled.", "refused", "connection.password"],
  ["MOVED 866 10.0.0.7:6379", "refused", "Cluster"],
  ["Connection is closed.", "unknown", "running"],
])("%s is %s", (message, type, cure) => {
  expect(failureOf(new Error(message))).toMatchObject({ type, cure: expect.stringContaining(cure) });
});

it("what no connection came about for was not carried out", () => {
  const cause = new Error("connect ECONNREFUSED");
  expect(failureOf(new ConnectFailure("no connection", { cause })).type).toBe("waiting");
});
