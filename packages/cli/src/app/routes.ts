import { buildCommand, buildRouteMap, type Command, type RouteMap } from "@stricli/core";
import type { NoFlags } from "./command.js";
import type { CliContext } from "./context.js";
import { COMPLETE } from "./words.js";

type Target = Command<CliContext> | RouteMap<CliContext>;

/** A command that is loaded once its name is on the command line; until then only its line of help is known. */
interface Route {
  readonly brief: string;
  readonly load: () => Promise<{ readonly command: Command<CliContext> }>;
}

interface Group {
  readonly brief: string;
  readonly routes: Readonly<Record<string, Route>>;
}

const route = (brief: string, load: Route["load"]): Route => ({ brief, load });

/** Every command. The order is that of the help. */
const ROUTES: Readonly<Record<string, Route | Group>> = {
  status: route(
    "each shard of an application: state, owner, delivered until when, checkpoint",
    () => import("../commands/status.js"),
  ),
  shards: route(
    "the lineage of the shards, with their hash keys and sizes",
    () => import("../commands/shards.js"),
  ),
  lag: route("how long ago each shard delivered, largest first", () => import("../commands/lag.js")),
  workers: route(
    "who owns how many shards, and who still renews them",
    () => import("../commands/workers.js"),
  ),
  leases: {
    brief: "the rows of the lease table: list, backup, restore",
    routes: {
      list: route("the rows, and who wrote them", () => import("../commands/leases/list.js")),
      backup: route("writes all rows to a file", () => import("../commands/leases/backup.js")),
      restore: route(
        "takes the checkpoints back to those of a file; shows its plan first",
        () => import("../commands/leases/restore.js"),
      ),
    },
  },
  tail: route("records of a stream as they come", () => import("../commands/tail.js")),
  peek: route(
    "the records at a position, or the next of an application",
    () => import("../commands/peek.js"),
  ),
  pause: route(
    "lets shards rest: their owners finish, commit and hold them",
    () => import("../commands/pause.js"),
  ),
  resume: route("lets paused shards be read again", () => import("../commands/resume.js")),
  checkpoint: {
    brief: "where shards stand: show, and reset, which shows its plan first",
    routes: {
      show: route("where each shard stands, in full", () => import("../commands/checkpoint/show.js")),
      reset: route(
        "makes shards begin elsewhere; shows its plan first",
        () => import("../commands/checkpoint/reset.js"),
      ),
    },
  },
  run: route("runs connectors from files, several in one process", () => import("../commands/run.js")),
  replay: route(
    "runs a range of time of a stream, or an archive, through a file's pipeline once more",
    () => import("../commands/replay.js"),
  ),
  validate: route(
    "looks for what is wrong with files, each with its line and column",
    () => import("../commands/validate.js"),
  ),
  estimate: route(
    "runs a pipeline on records of a file: shards for each core, memory, what costs most",
    () => import("../commands/estimate.js"),
  ),
  config: {
    brief: "files of connectors: their schema, and what one comes to",
    routes: {
      schema: route(
        "prints the JSON Schema of files, for editors",
        () => import("../commands/config/schema.js"),
      ),
      "from-properties": route(
        "turns a .properties file of the Java connectors into YAML",
        () => import("../commands/config/from-properties.js"),
      ),
      show: route(
        "prints a file as it takes effect; secrets are ***",
        () => import("../commands/config/show.js"),
      ),
    },
  },
  health: route(
    "asks one process whether it is ready: exit 4 when not",
    () => import("../commands/health.js"),
  ),
  drain: route("asks one process to stop its connector gracefully", () => import("../commands/drain.js")),
  console: route(
    "shows a fleet in a browser, from its lease table and from processes",
    () => import("../commands/console.js"),
  ),
  "dead-letters": {
    brief: "records that were set aside: list, show, and redrive, which shows its plan first",
    routes: {
      list: route(
        "objects of dead letters, and what they failed with",
        () => import("../commands/dead-letters/list.js"),
      ),
      show: route("dead letters with their records", () => import("../commands/dead-letters/show.js")),
      redrive: route(
        "puts dead letters back into a stream, or runs them through a pipeline; shows its plan first",
        () => import("../commands/dead-letters/redrive.js"),
      ),
    },
  },
  init: route(
    "writes a project: a connector's file, package.json and README",
    () => import("../commands/init.js"),
  ),
  create: {
    brief: "makes a stream or a table; shows its plan first",
    routes: {
      stream: route("a stream", () => import("../commands/create/stream.js")),
      table: route("a table for a destination", () => import("../commands/create/table.js")),
    },
  },
  completions: route(
    "prints the completion script of bash, zsh or fish",
    () => import("../commands/completions.js"),
  ),
  doctor: route(
    "looks for what is wrong here: Node, clock, region, identity, table, packages",
    () => import("../commands/doctor.js"),
  ),
  version: route("prints the version", () => import("../commands/version.js")),
};

/** The verb that stands for a group where no other word of it follows. */
const DEFAULTS: Readonly<Record<string, string>> = { leases: "list" };

/**
 * The commands as far as a command line needs them: those that it names are loaded, all others are their line of help.
 * @param words the command line
 */
export async function routesFor(words: readonly string[]): Promise<RouteMap<CliContext>> {
  const [verb, noun] = words.filter((word) => !word.startsWith("-"));
  const routes: Record<string, Target> = {};
  for (const [name, target] of Object.entries(ROUTES)) {
    const isNamed = name === verb;
    routes[name] =
      "load" in target ? await loadedOrLine(target, isNamed) : await groupOf(name, target, isNamed, noun);
  }
  routes[COMPLETE] = (await import("../commands/complete.js")).completeCommand(routesFor);
  return buildRouteMap({
    routes,
    docs: {
      brief: "asks and steers Kinesis connectors from their lease table, and runs them from a file",
      hideRoute: { [COMPLETE]: true },
    },
  });
}

/** The command that a command line names; undefined where it names none. */
export function commandOf(
  routes: RouteMap<CliContext>,
  words: readonly string[],
): Command<CliContext> | undefined {
  let target: Target = routes;
  for (const word of words) {
    if (!("getRoutingTargetForInput" in target)) break;
    const next: Target | undefined = target.getRoutingTargetForInput(word);
    if (next === undefined) break;
    target = next;
  }
  return "getRoutingTargetForInput" in target ? target.getDefaultCommand() : target;
}

/** Every command with the words that name it, loaded: for tests and documents. */
export async function allCommands(): Promise<
  readonly { readonly words: readonly string[]; readonly command: Command<CliContext> }[]
> {
  const found = Object.entries(ROUTES).flatMap(([name, target]) =>
    "load" in target
      ? [{ words: [name], load: target.load }]
      : Object.entries(target.routes).map(([noun, one]) => ({ words: [name, noun], load: one.load })),
  );
  return Promise.all(found.map(async ({ words, load }) => ({ words, command: (await load()).command })));
}

async function groupOf(
  name: string,
  group: Group,
  isNamed: boolean,
  noun: string | undefined,
): Promise<Target> {
  const byDefault = DEFAULTS[name];
  const routes: Record<string, Target> = {};
  for (const [word, target] of Object.entries(group.routes)) {
    const isWanted = word === noun || (word === byDefault && (noun === undefined || !(noun in group.routes)));
    routes[word] = await loadedOrLine(target, isNamed && isWanted);
  }
  return buildRouteMap({
    routes,
    ...(byDefault === undefined ? {} : { defaultCommand: byDefault }),
    docs: { brief: group.brief },
  });
}

async function loadedOrLine({ brief, load }: Route, isNamed: boolean): Promise<Command<CliContext>> {
  if (isNamed) return (await load()).command;
  return buildCommand<NoFlags, [], CliContext>({
    docs: { brief },
    parameters: { flags: {} },
    func: () => undefined,
  });
}
