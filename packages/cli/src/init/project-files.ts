import { type Project, TEXTS } from "./destinations.js";
import { yamlText } from "./yaml-text.js";

/** The range of this project's packages that a new project asks for: all of one major version fit each other. */
const RANGE = "^1.0.0";
const TYPESCRIPT = "^5.9.3";
const NODE_TYPES = "^20.19.0";
const CLIENT_KINESIS = "^3.1143.0";

/** The files of a new project, by their names. */
export function projectFiles(project: Project): Readonly<Record<string, string>> {
  return {
    "package.json": packageJson(project),
    "README.md": readme(project),
    "local.env": localEnv(project),
    "put.mjs": putModule(project),
    ".gitignore": "node_modules/\ndist/\n",
    ...(project.ts
      ? { "src/main.ts": mainModule(project), "tsconfig.json": tsconfig() }
      : { "pipeline.yaml": pipelineFile(project) }),
  };
}

/** The command that delivers on this machine: reads the variables of `npm run local`. */
function devCommand({ ts }: Project): string {
  return ts
    ? "tsc && node --env-file=local.env dist/main.js"
    : "kinesis-connectors run pipeline.yaml --env-file local.env";
}

function packageJson(project: Project): string {
  const { application, ts, destination, stream, place, shards, region, port } = project;
  const { dependencies, localFlags } = TEXTS[destination];
  const local = [
    `kinesis-local-aws --port ${port} --dynamodb-port ${port + 1} --s3-port ${port + 2} --opensearch-port ${port + 3}`,
    `--stream ${stream} --shards ${shards}`,
    localFlags(place),
    `--region ${region}`,
  ]
    .filter((part) => part !== "")
    .join(" ");
  const ours = ["cli", "core", "consumer", ...dependencies].filter(
    (name) => ts || !["core", "consumer"].includes(name),
  );
  return json({
    // npm takes no name that begins with a dot or an underscore.
    name: application.toLowerCase().replace(/^[._-]+/, "") || "connector",
    private: true,
    type: "module",
    scripts: {
      local,
      dev: devCommand(project),
      put: "node --env-file=local.env put.mjs",
      start: ts ? "tsc && node dist/main.js" : "kinesis-connectors run pipeline.yaml",
      ...(ts ? {} : { validate: "kinesis-connectors validate pipeline.yaml --env-file local.env" }),
      status: `kinesis-connectors status ${application}`,
    },
    dependencies: Object.fromEntries(ours.toSorted().map((name) => [`@kinesis-connectors/${name}`, RANGE])),
    devDependencies: {
      "@aws-sdk/client-kinesis": CLIENT_KINESIS,
      "@kinesis-connectors/local": RANGE,
      ...(ts ? { "@types/node": NODE_TYPES, typescript: TYPESCRIPT } : {}),
    },
    engines: { node: ">=20.19" },
  });
}

function pipelineFile({ application, stream, region, destination, place }: Project): string {
  return `# yaml-language-server: $schema=./node_modules/@kinesis-connectors/config/schema.json
version: 1
application: ${yamlText(application)}
source: { stream: ${yamlText(stream)}, region: "\${AWS_REGION:-${region}}" }
transform: { decode: json }
# filter: { path: durationMs, greaterThan: 0 }
buffer: { maxRecords: 100000, maxBytes: 64 MiB, maxAgeMs: "\${MAX_AGE:-60 s}" }
emitter: ${TEXTS[destination].yaml(place)}
admin: { port: "\${ADMIN_PORT:-9464}" }
`;
}

function mainModule({ application, stream, region, destination, place }: Project): string {
  const { names, emitter } = TEXTS[destination].code(place);
  const imports = [
    `import { startConnector } from "@kinesis-connectors/consumer";`,
    `import { definePipeline, json, MiB } from "@kinesis-connectors/core";`,
    // Not one of this file's own imports.
    ["import", `{ ${names} } from "@kinesis-connectors/${destination}";`].join(" "),
  ];
  return `${imports.join("\n")}

interface Click {
  readonly id: number;
  readonly durationMs: number;
}

const pipeline = definePipeline({
  transformer: json<Click>(),
  filter: (click) => click.durationMs >= 0,
  buffer: { maxRecords: 100_000, maxBytes: 64 * MiB, maxAgeMs: Number(process.env.MAX_AGE_MS ?? 60_000) },
  emitter: ${emitter},
  logger: console,
});

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());
const connector = await startConnector({
  application: "${application}",
  stream: "${stream}",
  region: process.env.AWS_REGION ?? "${region}",
  pipeline,
  signal: stop.signal,
});
await connector.done;
`;
}

function tsconfig(): string {
  return json({
    compilerOptions: {
      target: "es2023",
      module: "nodenext",
      strict: true,
      skipLibCheck: true,
      types: ["node"],
      rootDir: "src",
      outDir: "dist",
    },
    include: ["src"],
  });
}

/** Where \`npm run local\` listens, and keys that it takes like any others. */
function localEnv({ region, port }: Project): string {
  return `# AWS on this machine, as \`npm run local\` serves it. No key of yours is in here.
AWS_ENDPOINT_URL_KINESIS=http://127.0.0.1:${port}
AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:${port + 1}
AWS_ENDPOINT_URL_S3=http://127.0.0.1:${port + 2}
OPENSEARCH_URL=http://127.0.0.1:${port + 3}
AWS_REGION=${region}
AWS_ACCESS_KEY_ID=local
AWS_SECRET_ACCESS_KEY=local
# Soon enough to watch.
MAX_AGE=2 s
MAX_AGE_MS=2000
`;
}

function putModule({ stream }: Project): string {
  return `// Puts records for the connector to deliver: npm run put -- 1000
import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";

const count = Number(process.argv[2] ?? 1000);
const client = new KinesisClient({});
for (let id = 0; id < count; id += 500) {
  const records = Array.from({ length: Math.min(500, count - id) }, (_, index) => ({
    PartitionKey: \`user-\${(id + index) % 100}\`,
    Data: Buffer.from(JSON.stringify({ id: id + index, page: "/", durationMs: (id + index) % 900 })),
  }));
  const { FailedRecordCount } = await client.send(new PutRecordsCommand({ StreamName: "${stream}", Records: records }));
  if (FailedRecordCount) throw new Error(\`\${FailedRecordCount} records were refused: put fewer at a time\`);
}
console.log(\`put \${count} records into ${stream}\`);
client.destroy();
`;
}

function readme(project: Project): string {
  const { application, stream, destination, place, ts } = project;
  return `# ${application}

Moves the stream \`${stream}\` to the ${TEXTS[destination].place.noun} ${place}: ${ts ? "`src/main.ts`" : "`pipeline.yaml`"} says how.

\`\`\`sh
npm install
npm run local      # AWS on this machine, until Ctrl-C
\`\`\`

In another terminal:

\`\`\`sh
npm run dev        # the connector, against it
\`\`\`

\`npm run put\` puts records to deliver. Against AWS: \`npm start\`, with region and credentials where the AWS SDK finds them; \`npm run status\` asks the
fleet how far it is.
`;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
