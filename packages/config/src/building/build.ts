import type { ConnectorOptions } from "@kinesis-connectors/consumer";
import {
  Closing,
  type DeadLetterEmitter,
  definePipeline,
  type Emitter,
  invalidOption,
  type Logger,
  notifying,
  systemClock,
} from "@kinesis-connectors/core";
import type { ConfigContext, Resolved } from "@kinesis-connectors/core/config";
import type { CheckedFile } from "../parts/checked-file.js";
import { keyOf, type Path } from "../document/path.js";
import type { TransformConfig } from "../file/transform-config.js";
import type { FoundPart } from "../parts/found-parts.js";
import { leaseTableAt } from "../parts/lease-store.js";
import { loadDefault, loadFunction } from "../parts/load-function.js";
import type { Problem } from "../document/problem.js";
import { given } from "./given.js";
import { optionProblem } from "./option-problem.js";
import { sourceOptions } from "./source-options.js";
import { filterOf, transformerOf } from "./transformer.js";

/** An emitter of a file: nobody knows its types. */
type AnyEmitter = Emitter<unknown, unknown>;

/** The options of a connector with its pipeline in them, or with the module that makes it. */
type BuiltOptions = ConnectorOptions<unknown, unknown, unknown, unknown>;

/** What a file was made into. */
export interface Built {
  /** Undefined where a part could not be made. */
  readonly options: BuiltOptions | undefined;
  readonly problems: readonly Problem[];
  /** The emitters of it, and where they stand in the file. */
  readonly opened: readonly { readonly root: Path; readonly emitter: AnyEmitter }[];
  /** Closes them. */
  readonly close: () => Promise<void>;
}

/** How long the emitters of a file that was only looked at have for closing: they hold nothing yet. */
const CLOSE_LIMIT_MS = 5_000;

const DEFAULT_TRANSFORM: Resolved<TransformConfig> = { decode: "json" };

/**
 * Makes all parts of a connector, and its lease table where that is in another store than DynamoDB; `logger` is told when that waits. Each one that cannot be made is a problem of its own.
 */
export async function build(checked: CheckedFile, logger?: Logger): Promise<Built> {
  const { document, config, secrets } = checked;
  const problems: Problem[] = [];
  const opened: { readonly root: Path; readonly emitter: AnyEmitter }[] = [];
  /** What is made at a place; undefined when it cannot be. */
  const attempt = async <Made>(
    root: Path,
    make: () => Made | Promise<Made>,
    others: readonly Path[] = [],
  ): Promise<Made | undefined> => {
    try {
      return await make();
    } catch (error) {
      problems.push(optionProblem(document, error, [root, ...others], secrets));
      return undefined;
    }
  };
  const emitterAt = async (root: Path, make: () => unknown): Promise<AnyEmitter | undefined> => {
    const emitter = (await attempt(root, make)) as AnyEmitter | undefined;
    if (emitter !== undefined) opened.push({ root, emitter });
    return emitter;
  };

  const { transform = DEFAULT_TRANSFORM, filter } = config;
  const transformer = await attempt(["transform"], () =>
    transformerOf(transform, (module) => loadDefault(module, document.file)),
  );
  const keeps =
    filter === undefined
      ? undefined
      : await attempt(["filter"], () => filterOf(filter, transform, contextOf(checked, ["filter"])));
  const emitterPart = partAt(checked, ["emitter"]);
  // The schema asks for it, and where it is not installed nobody comes here.
  if (emitterPart === undefined) throw new Error("no part was found at emitter");
  const written = await emitterAt(["emitter"], () => created(checked, emitterPart));
  const announce = partAt(checked, ["announce"]);
  const to =
    announce === undefined ? undefined : await emitterAt(["announce"], () => created(checked, announce));
  const emitter =
    announce === undefined || to === undefined || written === undefined
      ? written
      : await attempt(["announce"], () => announcing(emitterPart, written, to));
  const deadLettersPart = partAt(checked, ["deadLetters"]);
  const deadLetters =
    deadLettersPart === undefined
      ? undefined
      : await emitterAt(["deadLetters"], () => createdDeadLetters(checked, deadLettersPart));
  const source = await attempt(["source"], () => sourceOptions(config.source));

  const close = async (): Promise<void> => {
    const closing = new Closing(systemClock);
    for (const { root, emitter: one } of opened.toReversed())
      closing.addForeign(root.join("."), async () => await one.close?.());
    const failure = await closing.close(CLOSE_LIMIT_MS);
    if (failure !== undefined) throw failure;
  };
  if (transformer === undefined || emitter === undefined || source === undefined || problems.length > 0)
    return { options: undefined, problems, opened, close };
  const { application, workerId, stopDeadlineMs, leaseTable, leases } = config;
  const { buffer, retry, onPoison, transformTimeoutMs, transformConcurrency } = config;
  const pipeline = await attempt([], () =>
    definePipeline<unknown, unknown, unknown, unknown>({
      transformer,
      emitter,
      ...given({ filter: keeps, buffer, retry, onPoison, transformTimeoutMs, transformConcurrency }),
      // It takes dead letters: it was made for them.
      ...(deadLetters === undefined ? {} : { deadLetters: deadLetters as DeadLetterEmitter<unknown> }),
    }),
  );
  const table =
    typeof leaseTable === "object"
      ? await attempt(["leaseTable"], () =>
          leaseTableAt({ ...leaseTable, application, logger }, document.file),
        )
      : leaseTable;
  if (pipeline === undefined || problems.length > 0) return { options: undefined, problems, opened, close };
  const options = {
    ...source,
    ...given({ workerId, stopDeadlineMs, leaseTable: table, leases }),
    application,
    pipeline,
  };
  return { options, problems, opened, close };
}

function partAt({ parts }: CheckedFile, root: Path): FoundPart | undefined {
  return parts.find((part) => keyOf(part.root) === keyOf(root));
}

/** With what became of secrets, and of parts within it. */
function optionsOf({ config }: CheckedFile, { root }: FoundPart): never {
  let found: unknown = config;
  for (const name of root) found = (found as Readonly<Record<string, unknown>>)[name];
  return found as never;
}

function created(checked: CheckedFile, part: FoundPart): unknown {
  return part.module.create(optionsOf(checked, part), contextOf(checked, part.root));
}

function createdDeadLetters(checked: CheckedFile, part: FoundPart): unknown {
  return part.module.deadLetters === undefined
    ? created(checked, part)
    : part.module.deadLetters(optionsOf(checked, part), contextOf(checked, part.root));
}

function announcing(part: FoundPart, emitter: AnyEmitter, to: AnyEmitter): AnyEmitter {
  const { module, name } = part;
  if (module.notifications === undefined)
    throw invalidOption(
      `the destination ${name} has nothing to announce: leave announce out, or write to s3`,
    );
  const notifications = module.notifications(part.value);
  return notifying<unknown, unknown, string>({
    emitter,
    notifications: (plan) => notifications(plan as never),
    to: to as Emitter<string>,
  });
}

function contextOf(checked: CheckedFile, around: Path): ConfigContext {
  const { document, parts } = checked;
  return {
    // The caller says what it expects of the user's module.
    functionOf: async <Fn>({ module }: { readonly module: string }) =>
      (await loadFunction(module, document.file)) as Fn,
    part: async <Part>(config: { readonly type: string }) => {
      const part = parts.find(
        (one) => one.root.length > around.length && optionsOf(checked, one) === (config as unknown),
      );
      if (part === undefined) throw invalidOption(`type ${config.type} cannot be used here`);
      return (await created(checked, part)) as Part;
    },
  };
}
