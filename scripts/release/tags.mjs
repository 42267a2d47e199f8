// Under which name a registry hands out a version: `latest` is what somebody gets who asks for none.

/**
 * The tag of a version, as npm wants it said wherever it is not `latest`: a prerelease is for those who ask for it by its name, and a patch of an older major,
 * `latest-1`, must not come before the newest one.
 * @param {string} version
 * @param {Iterable<string>} there the versions that the registry has
 * @returns {string}
 */
export function tagOf(version, there) {
  const { numbers, prerelease } = partsOf(version);
  if (prerelease !== undefined) return /^[a-z][\w-]*/i.exec(prerelease)?.[0] ?? "next";
  const isOlder = [...there]
    .map(partsOf)
    .some((one) => one.prerelease === undefined && isAbove(one.numbers, numbers));
  return isOlder ? `latest-${numbers[0]}` : "latest";
}

function partsOf(version) {
  const [, numbers = "", prerelease] = /^(\d+\.\d+\.\d+)(?:-([^+]+))?/.exec(version) ?? [];
  return { numbers: numbers.split(".").map(Number), prerelease };
}

function isAbove(one, other) {
  const at = one.findIndex((number, index) => number !== other[index]);
  return at !== -1 && one[at] > other[at];
}
