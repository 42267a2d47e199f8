"""Answers questions about Iceberg tables by pyiceberg and by DuckDB: a JSON object a line, in and out."""

import decimal
import glob
import json
import os
import pathlib
import struct
import sys
import warnings

warnings.filterwarnings("ignore")

import duckdb
import duckdb_extension_avro
import duckdb_extension_iceberg
import pyiceberg
from pyiceberg import expressions as e
from pyiceberg.catalog import load_catalog
from pyiceberg.table import StaticTable
from pyiceberg.types import BinaryType, DecimalType, UUIDType
from pyiceberg.types import DateType, DoubleType, FloatType, ListType, MapType, StructType, TimestampType, TimestamptzType


def settings(question):
    return {
        "s3.endpoint": question["endpoint"],
        "s3.access-key-id": "local",
        "s3.secret-access-key": "local",
        "s3.region": "eu-central-1",
        "s3.path-style-access": "true",
    }


def table_of(question):
    path = question["folder"] + "/asked.metadata.json"
    with open(path, "w") as file:
        file.write(question["metadata"])
    return StaticTable.from_metadata(path, settings(question))


COMPARISONS = {
    "eq": (e.EqualTo, "="),
    "lt": (e.LessThan, "<"),
    "lt-eq": (e.LessThanOrEqual, "<="),
    "gt": (e.GreaterThan, ">"),
    "gt-eq": (e.GreaterThanOrEqual, ">="),
}


def expression(filter, schema):
    kind = filter["type"]
    if kind == "and":
        return e.And(expression(filter["left"], schema), expression(filter["right"], schema))
    term = filter["term"]
    if kind in COMPARISONS:
        return COMPARISONS[kind][0](term, literal(filter["value"], schema.find_type(term)))
    if kind == "starts-with":
        return e.StartsWith(term, filter["value"])
    if kind == "in":
        return e.In(term, [literal(value, schema.find_type(term)) for value in filter["values"]])
    return {"is-null": e.IsNull, "not-null": e.NotNull, "is-nan": e.IsNaN, "not-nan": e.NotNaN}[kind](term)


def literal(value, type):
    if isinstance(type, BinaryType):
        return bytes.fromhex(value)
    if isinstance(type, DecimalType):
        return decimal.Decimal(value)
    return value


def pyiceberg_answer(question):
    table = table_of(question)
    counts, files = [], []
    for filter in question["filters"]:
        scan = table.scan(row_filter=expression(filter, table.schema()))
        try:
            counts.append(scan.to_arrow().num_rows)
        except Exception as error:
            counts.append(f"cannot: {type(error).__name__}: {error}"[:300])
            files.append(0)
            continue
        files.append(len(list(scan.plan_files())))
        # A count looks at the statistics alone where they say enough.
        if len(counts) % 5 == 0 and scan.count() != counts[-1]:
            counts[-1] = f"{counts[-1]} rows, but a count of {scan.count()}"
    answer = {"counts": counts, "files": files}
    if question["tell"] == "ids":
        answer["ids"] = [str(row["id"]) for row in table.scan(selected_fields=("id",)).to_arrow().to_pylist()]
    if question["tell"] == "rows":
        struct_type = table.schema().as_struct()
        answer["rows"] = [plain(row, struct_type) for row in table.scan().to_arrow().to_pylist()]
    return answer


def plain(value, type):
    """A value in the words that all oracles use."""
    if value is None:
        return None
    if isinstance(type, StructType):
        return {field.name: plain(value[field.name], field.field_type) for field in type.fields}
    if isinstance(type, ListType):
        return [plain(element, type.element_type) for element in value]
    if isinstance(type, MapType):
        return {str(key): plain(of, type.value_type) for key, of in sorted(value)}
    if isinstance(type, (TimestampType, TimestamptzType)):
        import datetime

        epoch = datetime.datetime(1970, 1, 1, tzinfo=value.tzinfo and datetime.timezone.utc)
        return str((value - epoch) // datetime.timedelta(microseconds=1))
    if isinstance(type, DateType):
        return str(value.toordinal() - 719163)
    if isinstance(type, (FloatType, DoubleType)):
        return struct.pack(">d", value).hex()
    if isinstance(type, BinaryType):
        return value.hex()
    if isinstance(type, DecimalType):
        return format(value, "f")
    return str(value).lower() if isinstance(value, bool) else str(value)


def duck():
    connection = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    for module in (duckdb_extension_avro, duckdb_extension_iceberg):
        folder = str(pathlib.Path(module.__file__).parent)
        connection.execute(f"LOAD '{glob.glob(folder + '/extensions/*/*.duckdb_extension')[0]}'")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def duckdb_answer(question):
    connection = duck()
    metadata = json.loads(question["metadata"])
    folder = question["folder"] + "/" + metadata["location"].removeprefix("s3://")
    os.makedirs(folder + "/metadata", exist_ok=True)
    with open(folder + "/metadata/asked.metadata.json", "w") as file:
        file.write(question["metadata"])
    view = f"iceberg_scan('{folder}', allow_moved_paths = true, version = 'asked')"
    types = {column: kind for column, kind, *_ in connection.execute(f"DESCRIBE SELECT * FROM {view}").fetchall()}
    counts = []
    for filter in question["filters"]:
        try:
            counts.append(connection.execute(f"SELECT count(*) FROM {view} WHERE {sql(filter, types)}").fetchone()[0])
        except duckdb.Error as error:
            counts.append(f"cannot: {type(error).__name__}: {error}"[:300])
    if question["tell"] != "ids":
        return {"counts": counts}
    return {"counts": counts, "ids": [str(id) for (id,) in connection.execute(f"SELECT id FROM {view}").fetchall()]}


def sql(filter, types):
    kind = filter["type"]
    if kind == "and":
        return f"({sql(filter['left'], types)} AND {sql(filter['right'], types)})"
    term = filter["term"]
    column = ".".join(f'"{part}"' for part in term.split("."))
    if kind in COMPARISONS:
        return f"{column} {COMPARISONS[kind][1]} {sql_literal(filter['value'], types.get(term))}"
    if kind == "starts-with":
        return f"starts_with({column}, {quoted(filter['value'])})"
    if kind == "in":
        return f"{column} IN ({', '.join(sql_literal(value, types.get(term)) for value in filter['values'])})"
    return {
        "is-null": f"{column} IS NULL",
        "not-null": f"{column} IS NOT NULL",
        "is-nan": f"isnan({column})",
        "not-nan": f"NOT isnan({column})",
    }[kind]


def sql_literal(value, type):
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float)):
        return repr(value)
    if type == "BLOB":
        return "from_hex(" + quoted(value) + ")"
    return quoted(value) if type is None or type == "VARCHAR" else f"{quoted(value)}::{type}"


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def foreign(question):
    """Another writer on a table of a catalog."""
    catalog = load_catalog("oracle", **{"type": "rest", "uri": question["uri"]}, **settings(question))
    table = catalog.load_table(question["table"])
    what = question["what"]
    if what == "append":
        import pyarrow

        table.append(pyarrow.Table.from_pylist(question["rows"], schema=table.schema().as_arrow()))
    elif what == "rewrite":
        table.overwrite(table.scan().to_arrow())
    elif what == "expire":
        current = table.current_snapshot().snapshot_id
        ids = [one.snapshot_id for one in table.snapshots() if one.snapshot_id != current]
        table.maintenance.expire_snapshots().by_ids(ids).commit()
    return {"snapshots": len(catalog.load_table(question["table"]).snapshots())}


def versions(_question):
    return {"pyiceberg": pyiceberg.__version__, "duckdb": duckdb.__version__, "rows": duck().execute("SELECT 1").fetchall()}


ANSWERS = {"pyiceberg": pyiceberg_answer, "duckdb": duckdb_answer, "foreign": foreign, "versions": versions}

for line in sys.stdin:
    question = json.loads(line)
    try:
        answer = ANSWERS[question["of"]](question)
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"[:2000]}
    print(json.dumps(answer), flush=True)
