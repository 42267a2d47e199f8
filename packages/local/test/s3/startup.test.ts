import { createServer } from "node:net";
import { expect, it } from "vitest";
import { LocalAwsError } from "../../src/errors.js";
import { startS3 } from "./start-s3.js";

it("a bucket name that S3 would refuse is a mistake of the caller, told before anything is served", async () => {
  await expect(startS3({ buckets: ["Not A Bucket"] })).rejects.toMatchObject({
    code: "KC_LOCAL_BAD_OPTION",
    message: expect.stringContaining('"Not A Bucket"') as string,
  });
});

it("a taken port is told with the option that names it", async () => {
  const blocker = createServer();
  await new Promise<void>((resolve) => {
    blocker.listen(0, "127.0.0.1", resolve);
  });
  const address = blocker.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const failure = await startS3({ port, portOption: "s3.port" }).then(
    () => undefined,
    (error: unknown) => error,
  );
  blocker.close();
  expect(LocalAwsError.isInstance(failure) ? failure.message : "").toContain("`s3.port`");
});
