package oracles;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import org.apache.iceberg.inmemory.InMemoryInputFile;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.io.PositionOutputStream;

/** Files at s3://bucket/key of an S3 on loopback that asks nobody for a signature. */
public final class HttpFileIO implements FileIO {
  private final HttpClient client = HttpClient.newHttpClient();
  private final String endpoint;

  HttpFileIO(String endpoint) {
    this.endpoint = endpoint;
  }

  private URI uri(String location) {
    return URI.create(endpoint + "/" + location.substring("s3://".length()).replace("=", "%3D").replace("+", "%2B"));
  }

  private HttpResponse<byte[]> send(HttpRequest request) {
    try {
      return client.send(request, HttpResponse.BodyHandlers.ofByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new RuntimeException(e);
    }
  }

  @Override
  public InputFile newInputFile(String location) {
    HttpResponse<byte[]> answer = send(HttpRequest.newBuilder(uri(location)).GET().build());
    if (answer.statusCode() != 200) {
      throw new RuntimeException(location + ": HTTP " + answer.statusCode());
    }
    return new InMemoryInputFile(location, answer.body());
  }

  @Override
  public OutputFile newOutputFile(String location) {
    return new OutputFile() {
      @Override
      public PositionOutputStream create() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        return new PositionOutputStream() {
          private boolean closed = false;

          @Override
          public long getPos() {
            return bytes.size();
          }

          @Override
          public void write(int b) {
            bytes.write(b);
          }

          @Override
          public void write(byte[] from, int offset, int length) {
            bytes.write(from, offset, length);
          }

          @Override
          public void close() {
            if (closed) {
              return;
            }
            closed = true;
            HttpRequest.BodyPublisher body = HttpRequest.BodyPublishers.ofByteArray(bytes.toByteArray());
            HttpResponse<byte[]> answer = send(HttpRequest.newBuilder(uri(location)).PUT(body).build());
            if (answer.statusCode() != 200) {
              throw new RuntimeException(location + ": HTTP " + answer.statusCode());
            }
          }
        };
      }

      @Override
      public PositionOutputStream createOrOverwrite() {
        return create();
      }

      @Override
      public String location() {
        return location;
      }

      @Override
      public InputFile toInputFile() {
        return newInputFile(location);
      }
    };
  }

  @Override
  public void deleteFile(String location) {
    send(HttpRequest.newBuilder(uri(location)).DELETE().build());
  }

  @Override
  public Map<String, String> properties() {
    return Map.of();
  }
}
