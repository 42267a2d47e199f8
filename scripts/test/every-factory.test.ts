import { describe, expect, it } from "vitest";
import { FACTORIES, type Options, PACKAGES, untyped, WITHOUT_OPTIONS } from "./factories.js";

/** The error of a call that throws or rejects; undefined when it does neither. */
async function refusalOf(make: () => unknown): Promise<unknown> {
  try {
    await make();
  } catch (error) {
    return error;
  }
  return undefined;
}

const isPlain = (value: unknown): value is Options =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** The last name of a path. */
const nameIn = (path: string): string => path.slice(path.lastIndexOf(".") + 1);

/** Parts that have members of their own, which are no options. */
const PARTS = new Set([
  "transformer",
  "emitter",
  "to",
  "deadLetters",
  "logger",
  "clock",
  "random",
  "client",
  "pipeline",
  "columns",
  "format",
  "compression",
  "pointer",
  "table",
  "retrieval",
  "pattern",
  "at",
  "connect",
  "answerLost",
  "restart",
  "setCounter",
  "capabilities",
  "catalog",
  "columns",
  "limits",
  "environment",
  "secrets",
  "functionOptions",
  "serviceOptions",
]);

/** The same options with one name misspelt: a letter of it doubled. */
function* misspelt(options: Options, path = ""): Generator<{ path: string; given: Options }> {
  for (const [name, value] of Object.entries(options)) {
    // Says which of several shapes it is, rather than being an option.
    if (name === "type") continue;
    const { [name]: _left, ...others } = options;
    yield { path: `${path}${name}`, given: { ...others, [`${name.slice(0, 2)}${name.slice(1)}`]: value } };
    if (isPlain(value) && !(PARTS.has(name) && !("putRecordsEntries" in value)))
      for (const within of misspelt(value, `${path}${name}.`))
        yield { path: within.path, given: { ...options, [name]: within.given } };
  }
}

describe("every exported function", () => {
  it.each(Object.keys(PACKAGES))("of %s either takes options that are checked, or takes none", (name) => {
    const functions = Object.entries(PACKAGES[name] ?? {})
      .filter(([, value]) => typeof value === "function")
      .map(([exported]) => exported);
    const known = Object.keys(FACTORIES)
      .filter((factory) => factory.startsWith(`${name}.`))
      .map((factory) => factory.slice(name.length + 1));
    const without = (WITHOUT_OPTIONS[name] ?? "").split(" ").filter((word) => word !== "");
    expect(functions.toSorted()).toEqual([...known, ...without].toSorted());
  });

  it.each(
    Object.entries(FACTORIES).flatMap(([name, [make, options]]) =>
      [...misspelt(options)].map(({ path, given }) => ({ name, path, make, given })),
    ),
  )("$name refuses $path misspelt, and says what was meant", async ({ name, path, make, given }) => {
    const error = await refusalOf(() => make(untyped(given)));
    expect(error).toMatchObject({
      code: expect.stringMatching(/^KC_(OPTION_INVALID|LOCAL_BAD_OPTION|AGGREGATE_INPUT)$/),
      message: expect.stringMatching(
        new RegExp(`^(\\[local\\] )?[A-Za-z0-9.' ]+ has no option .* did you mean .*${nameIn(path)}\\?$`),
      ),
    });
    expect(String(error)).toContain(
      path.includes(".") ? path.split(".")[0] : name.slice(name.indexOf(".") + 1),
    );
  });

  it.each(Object.entries(FACTORIES).map(([name, [make]]) => ({ name, make })))(
    "$name tells of a promise of its options, and of none at all",
    async ({ make }) => {
      const promised = await refusalOf(() => make(untyped(Promise.resolve({}))));
      expect(promised).toMatchObject({ message: expect.stringContaining("await it") });
      for (const none of [null, "options", 5])
        expect(await refusalOf(() => make(untyped(none)))).toMatchObject({
          code: expect.stringMatching(/^KC_/),
        });
    },
  );
});
