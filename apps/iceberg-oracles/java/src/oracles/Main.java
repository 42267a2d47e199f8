package oracles;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;

/** Serves Iceberg's own catalog and reader on 127.0.0.1 until its standard input ends. */
public final class Main {
  public static void main(String[] args) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
    ObjectMapper mapper = CatalogServer.mapper();
    CatalogServer catalog = new CatalogServer(mapper, args[0]);
    TableReader reader = new TableReader(new ObjectMapper());
    server.setExecutor(Executors.newFixedThreadPool(8));
    server.createContext("/v1/", catalog::handle);
    server.createContext(
        "/read",
        exchange -> {
          byte[] answer;
          int status = 200;
          try {
            answer = new ObjectMapper().writeValueAsBytes(reader.read(new ObjectMapper().readTree(exchange.getRequestBody())));
          } catch (Exception e) {
            status = 500;
            java.io.StringWriter trace = new java.io.StringWriter();
            e.printStackTrace(new java.io.PrintWriter(trace));
            answer = trace.toString().getBytes();
          } catch (Error e) {
            status = 500;
            answer = e.toString().getBytes();
          }
          exchange.sendResponseHeaders(status, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    server.start();
    System.out.println("http://127.0.0.1:" + server.getAddress().getPort());
    while (System.in.read() != -1) {
      // Nothing is said: the end is what counts.
    }
    server.stop(0);
    System.exit(0);
  }
}
