import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import { TABLE_NAME } from "../connection/target.js";
import { DESTINATIONS, type Destination, type Project, TEXTS } from "./destinations.js";
import { projectFiles } from "./project-files.js";
import { asker } from "./questions.js";

export interface InitFlags {
  readonly application?: string;
  readonly stream?: string;
  readonly destination?: Destination;
  readonly place?: string;
  readonly region?: string;
  readonly shards: number;
  readonly port: number;
  readonly ts: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

/** `init [DIR]`. */
export async function init(context: CliContext, flags: InitFlags, dir?: string): Promise<void> {
  const { out, cwd } = context;
  const folder = resolve(cwd, dir ?? ".");
  const project = await projectOf(context, flags, folder);
  const files = projectFiles(project);
  const taken = Object.keys(files).filter((name) => existsSync(join(folder, name)));
  if (taken.length > 0)
    throw new CliError(
      "KC_REFUSED",
      `${taken.join(", ")} ${taken.length === 1 ? "is" : "are"} there already, and nothing was written: name another folder`,
    );
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { flag: "wx" });
  }
  const at = relative(cwd, folder);
  const commands = [...(at === "" ? [] : [`cd ${at}`]), "npm install", "npm run local"];
  if (flags.json) {
    out.json({ folder, files: Object.keys(files), commands: [...commands, "npm run dev"] });
    return;
  }
  for (const name of Object.keys(files)) out.line(join(at, name));
  out.line("");
  for (const command of commands) out.line(`  ${command}`);
  out.line("and, in another terminal there:");
  out.line("  npm run dev");
}

const NAME = /^[A-Za-z0-9_.][A-Za-z0-9_.-]*$/;

/** A name that the place takes, made of the stream's. */
function placeOf(stream: string, destination: Destination): string {
  const name = `${stream}-archive`;
  if (destination === "kinesis") return name;
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .replace(/^-+/, "")
    .slice(-63);
}

async function projectOf(context: CliContext, flags: InitFlags, folder: string): Promise<Project> {
  const { env } = context;
  const ask = asker(context, flags.yes || flags.json);
  try {
    const folderName = basename(folder)
      .replaceAll(/[^A-Za-z0-9_.-]/g, "-")
      .replace(/^-+/, "");
    const application =
      flags.application ??
      (await ask.text(
        "Name of the application (and of its lease table)",
        TABLE_NAME.test(folderName) ? folderName : "connector",
      ));
    const stream = flags.stream ?? (await ask.text("Name of the stream", "clicks"));
    const destination =
      flags.destination ?? (await ask.choice<Destination>("Where records go", DESTINATIONS, "s3"));
    const { question, form, words } = TEXTS[destination].place;
    const place = flags.place ?? (await ask.text(question, placeOf(stream, destination)));
    const region = flags.region ?? (await ask.text("Region of AWS", env["AWS_REGION"] ?? "eu-central-1"));
    for (const [flag, value] of Object.entries({ application, stream, place, region }))
      if (!NAME.test(value))
        throw new CliError(
          "KC_USAGE",
          `--${flag} takes letters, digits, '_', '.' and '-', and not ${JSON.stringify(value)}`,
        );
    if (!TABLE_NAME.test(application))
      throw new CliError(
        "KC_USAGE",
        `--application names the lease table too, and takes 3 to 255 letters, digits, '_', '.' and '-', not ${JSON.stringify(application)}`,
      );
    if (!form.test(place))
      throw new CliError("KC_USAGE", `--place takes ${words}, and not ${JSON.stringify(place)}`);
    const { shards, port, ts } = flags;
    return { application, stream, destination, place, region, shards, port, ts };
  } finally {
    ask.close();
  }
}
