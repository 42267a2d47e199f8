/** A document, as a line of a bulk request, and what a node answers to it. */
export interface NodeAnswer {
  readonly name: string;
  readonly index: string;
  /** Default `index`. */
  readonly action?: "index" | "create" | "update";
  readonly id?: string;
  readonly line: string;
  /** `<status>`, and for errors the type and the types of what caused it. */
  readonly answer: string;
}

/** A request that comes before the documents. */
export interface NodeRequest {
  readonly method: "PUT" | "POST";
  readonly path: string;
  readonly body?: object;
}

/** What the indices are set up with. */
export const NODE_REQUESTS: readonly NodeRequest[] = [
  {
    method: "PUT",
    path: "/typed",
    body: {
      mappings: {
        properties: {
          long: { type: "long" },
          integer: { type: "integer" },
          short: { type: "short" },
          byte: { type: "byte" },
          double: { type: "double" },
          float: { type: "float" },
          keyword: { type: "keyword" },
          short_keyword: { type: "keyword", ignore_above: 100 },
          text: { type: "text" },
          boolean: { type: "boolean" },
          date: { type: "date" },
          object: { properties: { x: { type: "long" } } },
        },
      },
    },
  },
  { method: "PUT", path: "/limited", body: { settings: { "index.mapping.total_fields.limit": 3 } } },
  { method: "PUT", path: "/shallow", body: { settings: { index: { mapping: { depth: { limit: 2 } } } } } },
  {
    method: "PUT",
    path: "/strict",
    body: { mappings: { dynamic: "strict", properties: { a: { type: "long" } } } },
  },
  { method: "PUT", path: "/silent", body: { mappings: { dynamic: false } } },
  { method: "PUT", path: "/piped", body: { settings: { "index.default_pipeline": "missing" } } },
  { method: "PUT", path: "/final", body: { settings: { "index.final_pipeline": "missing" } } },
  { method: "PUT", path: "/one-of-two", body: { aliases: { two: {} } } },
  { method: "PUT", path: "/other-of-two", body: { aliases: { two: {} } } },
  {
    method: "PUT",
    path: "/not-written",
    body: { aliases: { "read-only-alias": { is_write_index: false } } },
  },
  {
    method: "PUT",
    path: "/written",
    body: { aliases: { "written-alias": { is_write_index: true }, single: {} } },
  },
  { method: "PUT", path: "/closed" },
  { method: "POST", path: "/closed/_close" },
  { method: "PUT", path: "/flooded" },
  { method: "PUT", path: "/flooded/_settings", body: { "index.blocks.read_only_allow_delete": true } },
  { method: "PUT", path: "/frozen" },
  { method: "PUT", path: "/frozen/_settings", body: { index: { blocks: { write: true } } } },
  {
    method: "PUT",
    path: "/_index_template/streams",
    body: { index_patterns: ["streams-*"], data_stream: {} },
  },
];

const typed = (name: string, value: string, answer: string): NodeAnswer => ({
  name: `${name}: ${value.slice(0, 40)}`,
  index: "typed",
  line: `{"${name}":${value}}`,
  answer,
});
const streamed = (line: string, answer: string): NodeAnswer => ({
  name: `data stream: ${line}`,
  index: "streams-1",
  action: "create",
  line,
  answer,
});
const into = (index: string, line: string, answer: string, more: Partial<NodeAnswer> = {}): NodeAnswer => ({
  name: `${index} ${more.action ?? "index"} ${line.slice(0, 40)}`,
  index,
  line,
  answer,
  ...more,
});

const MISFIT = "400 mapper_parsing_exception illegal_argument_exception";
const COERCION = "400 mapper_parsing_exception input_coercion_exception";
const NOT_JSON = "400 mapper_parsing_exception json_parse_exception";
const NO_DATE = `${MISFIT} date_time_parse_exception`;
const IMMENSE = "400 illegal_argument_exception max_bytes_length_exceeded_exception";
const TOO_DEEP = "400 mapper_parsing_exception parse_exception";
const ILLEGAL = "400 illegal_argument_exception";

const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
const lists = (levels: number): string => `{"a":${"[".repeat(levels)}1${"]".repeat(levels)}}`;
const wide = (count: number, value: string): string =>
  `{${Array.from({ length: count }, (_, place) => `"f${place}":${value}`).join(",")}}`;
const text = (length: number, character = "x"): string => JSON.stringify(character.repeat(length));

/** What OpenSearch 2.19.6 answered. The order counts: the first document of an index decides what its new fields are. */
export const NODE_ANSWERS: readonly NodeAnswer[] = [
  typed("long", "9223372036854775807", "201"),
  typed("long", "-9223372036854775808", "201"),
  typed("long", "9223372036854775808", COERCION),
  typed("long", '"9223372036854775808"', MISFIT),
  typed("long", "1e30", COERCION),
  typed("long", "1.5", "201"),
  typed("long", '"1.5"', "201"),
  typed("long", '"1e3"', "201"),
  typed("long", '""', "201"),
  typed("long", '" "', MISFIT),
  typed("long", '"0x10"', MISFIT),
  typed("long", '"NaN"', MISFIT),
  typed("long", "true", NOT_JSON),
  typed("long", '{"x":1}', NOT_JSON),
  typed("integer", "2147483647", "201"),
  typed("integer", "2147483648", COERCION),
  typed("integer", '"2147483648"', MISFIT),
  typed("short", "40000", COERCION),
  typed("byte", "200", MISFIT),
  typed("double", "1e400", MISFIT),
  typed("double", '"Infinity"', MISFIT),
  typed("double", '""', "201"),
  typed("float", "1e300", MISFIT),
  typed("float", "1e30", "201"),
  typed("float", '"many"', "400 mapper_parsing_exception number_format_exception"),
  typed("double", '"NaN"', MISFIT),
  typed("double", '{"x":1}', NOT_JSON),
  typed("boolean", '{"x":1}', NOT_JSON),
  typed("keyword", "5", "201"),
  typed("keyword", "true", "201"),
  typed("keyword", text(32_766), "201"),
  typed("keyword", text(32_767), IMMENSE),
  typed("keyword", text(16_384, "ä"), IMMENSE),
  typed("keyword", `["a",${text(40_000)}]`, IMMENSE),
  typed("keyword", '{"a":1}', "400 mapper_parsing_exception illegal_state_exception"),
  typed("short_keyword", text(40_000), "201"),
  typed("text", text(40_000), "201"),
  typed("text", '{"a":1}', "400 mapper_parsing_exception illegal_state_exception"),
  typed("boolean", '"true"', "201"),
  typed("boolean", '""', "201"),
  typed("boolean", '"True"', MISFIT),
  typed("boolean", "1", NOT_JSON),
  typed("date", '"2026-01-01"', "201"),
  typed("date", '"2026-02-30"', NO_DATE),
  typed("date", '"2026"', "201"),
  typed("date", "20260101", "201"),
  typed("date", "1767225600000", "201"),
  typed("date", "-5", "201"),
  typed("date", "1.5", "201"),
  typed("date", '""', MISFIT),
  typed("date", "true", NO_DATE),
  typed("date", "99999999999999999999", NO_DATE),
  typed("date", '"2026-01-01T00:00:00+01:00"', "201"),
  typed("date", '"2026-01-01T00:00:00+0100"', "201"),
  typed("date", '"2026-01-01 00:00:00"', NO_DATE),
  typed("date", '"2026-01-01T24:00:00"', NO_DATE),
  typed("date", '"2026-01-01T00:00:00.123456789Z"', "201"),
  typed("date", '"2026-01-01T00:00:00.1234567890Z"', NO_DATE),
  typed("date", '"2026-01-01T1:00:00Z"', NO_DATE),
  typed("date", '"2026-01-01T01:00Z"', "201"),
  typed("date", '"2026-01-01T01Z"', "201"),
  typed("date", '"2026-01-01T"', "201"),
  typed("date", '"2026-1-1"', NO_DATE),
  typed("date", '"2026-01-01T00:00:60Z"', NO_DATE),
  typed("object", "1", "400 mapper_parsing_exception"),
  typed("object", '[{"x":1},{"x":2}]', "201"),
  typed("object.x", '"many"', MISFIT),
  into("names", '{"a..b":1}', MISFIT),
  into("names", '{".a":1}', MISFIT),
  into("names", '{"a.":1}', "201"),
  into("names", '{"":1}', MISFIT),
  into("names", '{" ":1}', "201"),
  into("names", '{".":1}', MISFIT),
  into("names", '{"b. .c":1}', MISFIT),
  into("names", '{"q":{"":1}}', MISFIT),
  into("names", '{"p.q":1}', "201"),
  into("names", '{"p":1}', "400 mapper_parsing_exception"),
  into("names", '{"_id":"x"}', "400 mapper_parsing_exception mapper_parsing_exception"),
  into("names", '{"_source":1}', "400 mapper_parsing_exception mapper_parsing_exception"),
  into("names", '{"_doc":"x"}', "201"),
  into("names", '{"z":1,"z":2}', NOT_JSON),
  into("names", '{"z":x}', NOT_JSON),
  into("names", '{"z":1} x', NOT_JSON),
  into("names", '{"z":"', "400 mapper_parsing_exception json_e_o_f_exception"),
  into("names", '{"z":', "400 mapper_parsing_exception json_e_o_f_exception"),
  into("names", "[1]", "400 mapper_parsing_exception not_x_content_exception"),
  into("dynamic", '{"long":9223372036854775808}', COERCION),
  into("dynamic", '{"large":1e30}', "201"),
  into("dynamic", '{"float":1.5}', "201"),
  into("dynamic", '{"float":"x"}', "400 mapper_parsing_exception number_format_exception"),
  into("dynamic", '{"date":"2026-01-01"}', "201"),
  into("dynamic", '{"date":"soon"}', NO_DATE),
  into("dynamic", '{"slashes":"2026/01/01"}', "201"),
  into("dynamic", '{"slashes":"soon"}', NO_DATE),
  into("dynamic", '{"month":"2026-01"}', "201"),
  into("dynamic", '{"month":"x"}', NO_DATE),
  into("dynamic", '{"year":"2026"}', "201"),
  into("dynamic", '{"year":"x"}', "201"),
  into("dynamic", '{"no-day":"2026-02-30"}', "201"),
  into("dynamic", '{"no-day":"x"}', "201"),
  into("dynamic", '{"nothing":null,"list":[],"empty":{}}', "201"),
  into("dynamic", '{"empty":1}', "400 mapper_parsing_exception"),
  into("dynamic", `{"long-text":${text(40_000)}}`, "201"),
  into("deep-20", nested(20), "201"),
  into("deep-21", nested(21), TOO_DEEP),
  into("deep-dots", `{"${Array.from({ length: 21 }, () => "a").join(".")}":1}`, ILLEGAL),
  into("shallow", '{"a":{"b":{"c":1}}}', TOO_DEEP),
  into("shallow", '{"a":{"b":1}}', "201"),
  into("shallow", '{"a":{"b":{"c":1}}}', NOT_JSON),
  into("lists-20", lists(20), "201"),
  into("lists-21", lists(21), TOO_DEEP),
  into("wide-1000", wide(1_000, "1"), "201"),
  into("wide-1000", '{"another":1}', ILLEGAL),
  into("wide-1001", wide(1_001, "1"), ILLEGAL),
  into("wide-text-500", wide(500, '"x"'), "201"),
  into("wide-text-501", wide(501, '"x"'), ILLEGAL),
  into("wide-object-500", wide(500, '{"x":1}'), "201"),
  into("wide-object-501", wide(501, '{"x":1}'), ILLEGAL),
  into("limited", '{"a":1,"b":1,"c":1,"d":1}', ILLEGAL),
  into("limited", '{"a":1,"b":1,"c":1}', "201"),
  into("strict", '{"a":1}', "201"),
  into("strict", '{"b":1}', "400 strict_dynamic_mapping_exception"),
  into("silent", '{"b":1}', "201"),
  streamed('{"@timestamp":"2026-01-01T00:00:00Z"}', "201"),
  streamed('{"a":1}', MISFIT),
  streamed('{"@timestamp":"soon"}', NO_DATE),
  streamed('{"@timestamp":["2026-01-01","2026-01-02"]}', MISFIT),
  streamed('{"@timestamp":[]}', MISFIT),
  streamed('{"@timestamp":null}', MISFIT),
  streamed('{"@timestamp":1767225600000}', "201"),
  streamed('{"@timestamp":"2026-02-30"}', NO_DATE),
  streamed('{"@timestamp":{"x":1}}', "400 mapper_parsing_exception illegal_state_exception"),
  into("streams-1", '{"@timestamp":1}', ILLEGAL),
  into("piped", '{"a":1}', ILLEGAL),
  into("final", '{"a":1}', ILLEGAL),
  into("two", '{"a":1}', ILLEGAL),
  into("read-only-alias", '{"a":1}', ILLEGAL),
  into("written-alias", '{"a":1}', "201"),
  into("single", '{"a":1}', "201"),
  into("closed", '{"a":1}', "400 index_closed_exception"),
  into("flooded", '{"a":1}', "429 cluster_block_exception"),
  into("frozen", '{"a":1}', "403 cluster_block_exception"),
  ...["A", "a b", "a,b", "a#b", "a:b", "_a", "-a", "..", 'a"b', "a*", "a<b"].map((index) =>
    into(index, "{}", "400 invalid_index_name_exception"),
  ),
  into("names", "{}", ILLEGAL, { id: "" }),
  into("scripts", '{"doc":{"a":1}}', "404 document_missing_exception", { action: "update" }),
  into("scripts", '{"kcPosition":5}', "201", { id: "number" }),
  into(
    "scripts",
    '{"scripted_upsert":true,"upsert":{},"script":{"lang":"painless","source":"if (ctx._source[params.f].compareTo(params.p) < 0) { ctx.op = \'none\'; }","params":{"f":"kcPosition","p":"2"}}}',
    "400 illegal_argument_exception script_exception class_cast_exception",
    { action: "update", id: "number" },
  ),
];

/** The documents as the body of one bulk request. */
export function bodyOf(answers: readonly NodeAnswer[]): string {
  return answers
    .map(
      ({ action = "index", index, id, line }, place) =>
        `${JSON.stringify({ [action]: { _index: index, _id: id ?? String(place) } })}\n${line}\n`,
    )
    .join("");
}

/** The answers of a bulk request as `NodeAnswer.answer` has them. */
export function answersIn(body: unknown): readonly string[] {
  const { items } = body as {
    readonly items: readonly Record<string, { status: number; error?: ErrorIn }>[];
  };
  return items.map((item) => {
    const [result] = Object.values(item);
    const types: string[] = [];
    for (let error = result?.error; error !== undefined; error = error.caused_by) types.push(error.type);
    return [String(result?.status), ...types].join(" ");
  });
}

interface ErrorIn {
  readonly type: string;
  readonly caused_by?: ErrorIn;
}
