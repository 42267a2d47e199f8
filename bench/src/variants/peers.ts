import type { SetName } from "../data/data-sets.js";
import type { PeerProgram, Section, Variant } from "../rows/variant.js";

/** Go compiles before it runs; what warms up are connections and the heap. */
const GO_WARM_UP_MS = 500;
/** The JVM compiles what is hot twice, on threads of the same process. */
const JAVA_WARM_UP_MS = 12_000;

function peer(
  program: PeerProgram,
  section: Section,
  label: string,
  sets: readonly SetName[],
  more: Partial<Variant> = {},
): Variant {
  const isGo = program.peer === "kinesis-consumer";
  return {
    name: `${isGo ? "go" : "kcl"}-${program.mode}`,
    label: `${isGo ? "Go, kinesis-consumer" : "Java KCL"}: ${label}`,
    section,
    kind: "peer",
    unit: "record",
    sets,
    transports: ["clear"],
    warmUpCpuMs: isGo ? GO_WARM_UP_MS : JAVA_WARM_UP_MS,
    run: program,
    ...more,
  };
}

const GO = "kinesis-consumer";
const READ = { peer: GO, mode: "read" } as const;
const PARSE = "each record parsed into a type, filter, dropped";

/** Measured with `--peers` alone. Their sources are in `bench/peers`. */
export const variants: readonly Variant[] = [
  peer(READ, "reading", "records read and dropped", ["varied"]),
  peer({ peer: "kcl", mode: "read" }, "reading", "records read and dropped", ["varied"]),
  peer(READ, "requests", "records read and dropped", ["varied-100", "varied-10"]),
  peer(READ, "requests", "the same in the first CPU-second behind the first answer", ["varied-10"], {
    name: "go-read-first",
    warmUpCpuMs: 0,
  }),
  peer({ peer: GO, mode: "parse" }, "parsing", PARSE, ["varied"]),
  peer({ peer: "kcl", mode: "parse" }, "parsing", PARSE, ["varied"]),
  peer(
    { peer: GO, mode: "objects" },
    "objects",
    "parse, filter, original bytes, gzip -6, objects of 8 MiB of lines put",
    ["varied"],
  ),
];
