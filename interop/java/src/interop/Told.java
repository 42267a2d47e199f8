package interop;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** What happens to this worker, one JSON object a line: events.ts reads it. */
final class Told {
  private static final FileOutputStream OUT = open();

  private Told() {}

  private static FileOutputStream open() {
    try {
      return new FileOutputStream(Settings.GIVEN.out, true);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An event with fields that are JSON already: "name", json, "name", json ... */
  static synchronized void event(String type, String... fields) {
    StringBuilder line = new StringBuilder("{\"t\":").append(System.currentTimeMillis())
        .append(",\"w\":").append(quoted(Settings.GIVEN.id)).append(",\"type\":").append(quoted(type));
    for (int i = 0; i < fields.length; i += 2) line.append(',').append(quoted(fields[i])).append(':').append(fields[i + 1]);
    try {
      // One write: a kill never leaves half of one line in front of another.
      OUT.write(line.append("}\n").toString().getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String quoted(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') out.append('\\').append(c);
      else if (c < ' ') out.append(String.format("\\u%04x", (int) c));
      else out.append(c);
    }
    return out.append('"').toString();
  }
}
