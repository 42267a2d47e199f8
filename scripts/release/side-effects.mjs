// Whether importing packages leaves something behind in the process: a global, a listener, a timer or a socket, a variable of the environment, a member of a
// prototype. Run where they are installed: node side-effects.mjs PACKAGE ...; prints ok, or what changed.
const PROTOTYPES = [
  Object,
  Array,
  String,
  Number,
  BigInt,
  Map,
  Set,
  Date,
  Promise,
  Uint8Array,
  Buffer,
  Error,
];

const state = () => ({
  globals: Reflect.ownKeys(globalThis).map(String).toSorted(),
  listeners: process.eventNames().map(String).toSorted(),
  // Files that are being read are of the import itself.
  resources: process.getActiveResourcesInfo().filter((name) => !/^(?:CloseReq|FSReq)/.test(name)),
  environment: Object.keys(process.env).toSorted(),
  members: PROTOTYPES.map(({ name, prototype }) => `${name} ${Reflect.ownKeys(prototype).length}`),
});

// Node makes some of its globals when they are asked for first.
void [globalThis.Request, globalThis.Response, globalThis.crypto, globalThis.navigator];
const left = [];
for (const name of process.argv.slice(2)) {
  const before = state();
  // One after the other, so that it is known whose it is.
  // oxlint-disable-next-line no-await-in-loop
  await import(name);
  for (const [kind, after] of Object.entries(state())) {
    const changed = [
      ...after.filter((one) => !before[kind].includes(one)).map((one) => `+${one}`),
      ...before[kind].filter((one) => !after.includes(one)).map((one) => `-${one}`),
    ];
    if (changed.length > 0) left.push(`${name}: ${kind} ${changed.join(" ")}`);
  }
}
process.stdout.write(`${left.length === 0 ? "ok" : left.join("\n")}\n`);
