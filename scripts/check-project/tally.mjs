// What the checks of a new project and of its container came to.
const skipped = [];
let passed = 0;

/** A check that passes, or ends all of them. */
export function check(holds, what) {
  if (!holds) throw new Error(what);
  passed += 1;
}

/** A step that would have thrown. */
export function pass() {
  passed += 1;
}

/** What cannot be run on this machine. */
export function skip(what) {
  skipped.push(what);
}

/** Says what was checked, and what was not. */
export function report() {
  for (const what of skipped) process.stdout.write(`could not be run here: ${what}\n`);
  process.stdout.write(`${passed} checks of a new project and of the container's steps passed\n`);
}
