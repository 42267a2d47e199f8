// Which document stands where in the navigation of the site: a shelf for what a reader is about to do, in the order of reading.

/** Shelves in order, each with documents of docs/ by the name of their file. */
export const SHELVES = {
  Start: ["getting-started", "installing", "where-it-runs", "vocabulary"],
  Build: ["configuration", "s3-objects", "lease-stores", "client-side-encryption", "adding-a-destination"],
  Operate: [
    "operating",
    "alarms",
    "troubleshooting",
    "errors",
    "rights",
    "pausing-and-resetting",
    "capacity",
  ],
  Understand: ["delivery-guarantees", "architecture", "performance"],
  Move: ["migrating-from-the-kcl", "migrating-from-connectors", "migrating", "firehose"],
};

/** The shelf of a document. Undefined for one that stands on none. */
export function shelfOf(name) {
  return Object.keys(SHELVES).find((shelf) => SHELVES[shelf].includes(name));
}
