import { describe, expect, it } from "vitest";
import {
  jsonAuto,
  redshiftEmitter,
  redshiftManifestEmitter,
  s3ManifestEmitter,
  tableSchema,
} from "../src/index.js";

const target = {
  workgroup: "w",
  database: "d",
  table: "t",
  iamRole: "default",
  format: jsonAuto(),
};

/** What only a caller without types can pass. */
const untyped = (options: object): never => options as never;

describe("options that there are none of", () => {
  it.each<[string, () => unknown, string]>([
    [
      "redshiftEmitter",
      () =>
        redshiftEmitter(untyped({ ...target, columns: ["id"], staging: { bucket: "b" }, mergeKey: ["id"] })),
      "mergeKeys",
    ],
    [
      "redshiftEmitter",
      () => redshiftEmitter(untyped({ ...target, columns: ["id"], staging: { bucket: "b", prefx: "p" } })),
      "staging.prefix",
    ],
    [
      "redshiftManifestEmitter",
      () => redshiftManifestEmitter(untyped({ ...target, staging: { bucket: "b" }, bucket: ["b"] })),
      "buckets",
    ],
    ["s3ManifestEmitter", () => s3ManifestEmitter(untyped({ bucket: "b", form: 1, To: 1 })), "format"],
    ["jsonAuto", () => jsonAuto(untyped({ ignorecase: true })), "ignoreCase"],
    ["tableSchema", () => tableSchema(untyped({ table: "t", columns: [], sortkey: [] })), "sortKeys"],
  ])("%s refuses them, and says which one was meant", (factory, make, meant) => {
    expect(make).toThrow(
      expect.objectContaining({
        code: "KC_OPTION_INVALID",
        message: expect.stringMatching(new RegExp(`^${factory} has no option .* did you mean ${meant}\\?$`)),
      }),
    );
  });
});
