package oracles;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.StaticTableOperations;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableMetadataParser;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.ExpressionParser;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;

/** Reads a table by its metadata, with filters that use partitions and statistics. */
final class TableReader {
  private final ObjectMapper mapper;

  TableReader(ObjectMapper mapper) {
    this.mapper = mapper;
  }

  /** `{ endpoint, metadata, filters: [expression], tell }` gives counts and planned files of each filter, and `rows` or `ids` where asked to tell them. */
  JsonNode read(JsonNode question) throws Exception {
    FileIO io = new HttpFileIO(question.get("endpoint").asText());
    TableMetadata metadata = TableMetadataParser.fromJson("s3://oracle/metadata.json", question.get("metadata").asText());
    Table table = new BaseTable(new StaticTableOperations(metadata, io), "oracle");
    ObjectNode answer = mapper.createObjectNode();
    ArrayNode counts = answer.putArray("counts");
    ArrayNode files = answer.putArray("files");
    for (JsonNode filter : question.get("filters")) {
      Expression expression = ExpressionParser.fromJson(filter.toString(), table.schema());
      try (CloseableIterable<Record> rows = IcebergGenerics.read(table).where(expression).build()) {
        long count = 0;
        for (Record ignored : rows) {
          count += 1;
        }
        counts.add(count);
      } catch (RuntimeException e) {
        counts.add("cannot: " + e);
      }
      long planned = 0;
      try (CloseableIterable<FileScanTask> tasks = table.newScan().filter(expression).planFiles()) {
        for (FileScanTask ignored : tasks) {
          planned += 1;
        }
      }
      files.add(planned);
    }
    if (question.get("tell").asText().equals("ids")) {
      ArrayNode ids = answer.putArray("ids");
      try (CloseableIterable<Record> rows = IcebergGenerics.read(table).select("id").build()) {
        for (Record row : rows) {
          ids.add(String.valueOf(row.getField("id")));
        }
      }
    }
    if (question.get("tell").asText().equals("rows")) {
      ArrayNode list = answer.putArray("rows");
      try (CloseableIterable<Record> rows = IcebergGenerics.read(table).build()) {
        for (Record row : rows) {
          list.add(plain(row, table.schema().asStruct()));
        }
      }
    }
    return answer;
  }

  /** A value in the words that all oracles use. */
  private JsonNode plain(Object value, Type type) {
    if (value == null) {
      return mapper.nullNode();
    }
    switch (type.typeId()) {
      case STRUCT:
        ObjectNode object = mapper.createObjectNode();
        List<Types.NestedField> fields = type.asStructType().fields();
        for (int at = 0; at < fields.size(); at += 1) {
          object.set(fields.get(at).name(), plain(((Record) value).get(at), fields.get(at).type()));
        }
        return object;
      case LIST:
        ArrayNode array = mapper.createArrayNode();
        for (Object element : (List<?>) value) {
          array.add(plain(element, type.asListType().elementType()));
        }
        return array;
      case MAP:
        TreeMap<String, JsonNode> sorted = new TreeMap<>();
        for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
          sorted.put(String.valueOf(entry.getKey()), plain(entry.getValue(), type.asMapType().valueType()));
        }
        ObjectNode map = mapper.createObjectNode();
        map.setAll(sorted);
        return map;
      case TIMESTAMP:
        OffsetDateTime moment =
            value instanceof LocalDateTime local ? local.atOffset(ZoneOffset.UTC) : (OffsetDateTime) value;
        return mapper.getNodeFactory().textNode(String.valueOf(ChronoUnit.MICROS.between(Instant.EPOCH, moment.toInstant())));
      case DATE:
        return mapper.getNodeFactory().textNode(String.valueOf(((LocalDate) value).toEpochDay()));
      case BINARY:
        ByteBuffer bytes = ((ByteBuffer) value).duplicate();
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return mapper.getNodeFactory().textNode(HexFormat.of().formatHex(copy));
      case FLOAT:
      case DOUBLE:
        ByteBuffer eight = ByteBuffer.allocate(8).putDouble(0, ((Number) value).doubleValue());
        return mapper.getNodeFactory().textNode(HexFormat.of().formatHex(eight.array()));
      case DECIMAL:
        return mapper.getNodeFactory().textNode(((java.math.BigDecimal) value).toPlainString());
      default:
        return mapper.getNodeFactory().textNode(String.valueOf(value));
    }
  }
}
