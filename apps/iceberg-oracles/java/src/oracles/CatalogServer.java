package oracles;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.AlreadyExistsException;
import org.apache.iceberg.exceptions.CommitFailedException;
import org.apache.iceberg.exceptions.NoSuchNamespaceException;
import org.apache.iceberg.exceptions.NoSuchTableException;
import org.apache.iceberg.exceptions.ValidationException;
import org.apache.iceberg.inmemory.InMemoryCatalog;
import org.apache.iceberg.rest.CatalogHandlers;
import org.apache.iceberg.rest.RESTSerializers;
import org.apache.iceberg.rest.requests.CreateNamespaceRequest;
import org.apache.iceberg.rest.requests.CreateTableRequest;
import org.apache.iceberg.rest.requests.UpdateTableRequest;
import org.apache.iceberg.rest.responses.ConfigResponse;
import org.apache.iceberg.rest.responses.ErrorResponse;

/** Iceberg's own handlers of its REST, over its own catalog in memory. */
final class CatalogServer {
  private final InMemoryCatalog catalog = new InMemoryCatalog();
  private final ObjectMapper mapper;

  CatalogServer(ObjectMapper mapper, String warehouse) {
    this.mapper = mapper;
    catalog.initialize("oracle", Map.of("warehouse", warehouse));
  }

  static ObjectMapper mapper() {
    ObjectMapper mapper = org.apache.iceberg.util.JsonUtil.mapper().copy();
    RESTSerializers.registerAll(mapper);
    mapper.setPropertyNamingStrategy(com.fasterxml.jackson.databind.PropertyNamingStrategies.KEBAB_CASE);
    mapper.setVisibility(
        com.fasterxml.jackson.annotation.PropertyAccessor.FIELD,
        com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility.ANY);
    mapper.configure(com.fasterxml.jackson.databind.DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);
    return mapper;
  }

  void handle(HttpExchange exchange) throws IOException {
    int status = 200;
    Object answer;
    try {
      answer = run(exchange);
    } catch (Exception e) {
      status = statusOf(e);
      answer =
          ErrorResponse.builder()
              .responseCode(status)
              .withType(e.getClass().getSimpleName())
              .withMessage(String.valueOf(e.getMessage()))
              .build();
    }
    byte[] body = answer == null ? new byte[0] : mapper.writeValueAsBytes(answer);
    exchange.getResponseHeaders().set("content-type", "application/json");
    exchange.sendResponseHeaders(answer == null ? 204 : status, answer == null ? -1 : body.length);
    if (answer != null) {
      exchange.getResponseBody().write(body);
    }
    exchange.close();
  }

  private Object run(HttpExchange exchange) throws IOException {
    String method = exchange.getRequestMethod();
    String[] path = exchange.getRequestURI().getRawPath().substring("/v1/".length()).split("/");
    byte[] body = exchange.getRequestBody().readAllBytes();
    if (path[0].equals("config")) {
      return ConfigResponse.builder().build();
    }
    if (path.length == 1 && method.equals("POST")) {
      return CatalogHandlers.createNamespace(catalog, mapper.readValue(body, CreateNamespaceRequest.class));
    }
    if (path.length == 1) {
      return CatalogHandlers.listNamespaces(catalog, Namespace.empty());
    }
    Namespace namespace = Namespace.of(decode(path[1]).split("\u001F"));
    if (path.length == 2) {
      return CatalogHandlers.loadNamespace(catalog, namespace);
    }
    if (path.length == 3 && method.equals("POST")) {
      CreateTableRequest request = mapper.readValue(body, CreateTableRequest.class);
      return request.stageCreate()
          ? CatalogHandlers.stageTableCreate(catalog, namespace, request)
          : CatalogHandlers.createTable(catalog, namespace, request);
    }
    if (path.length == 3) {
      return CatalogHandlers.listTables(catalog, namespace);
    }
    TableIdentifier table = TableIdentifier.of(namespace, decode(path[3]));
    if (path.length == 5) {
      return null;
    }
    switch (method) {
      case "POST":
        return CatalogHandlers.updateTable(catalog, table, mapper.readValue(body, UpdateTableRequest.class));
      case "DELETE":
        CatalogHandlers.dropTable(catalog, table);
        return null;
      default:
        return CatalogHandlers.loadTable(catalog, table);
    }
  }

  private static String decode(String part) {
    return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  /** As Iceberg's own test server has them (RESTCatalogAdapter). */
  private static int statusOf(Exception e) {
    if (e instanceof NoSuchTableException || e instanceof NoSuchNamespaceException) {
      return 404;
    }
    if (e instanceof AlreadyExistsException || e instanceof CommitFailedException) {
      return 409;
    }
    return e instanceof ValidationException || e instanceof IllegalArgumentException ? 400 : 500;
  }
}
