package interop;

import java.net.URI;
import java.util.Date;
import software.amazon.kinesis.common.InitialPositionInStream;
import software.amazon.kinesis.common.InitialPositionInStreamExtended;

/** What a worker is told by its environment: INTEROP_ and the name. worker-settings.ts has the meanings. */
final class Settings {
  static final Settings GIVEN = new Settings();

  final String id = text("ID", null);
  final String out = text("OUT", null);
  final String application = text("APPLICATION", null);
  final String stream = text("STREAM", null);
  final URI kinesis = URI.create(text("KINESIS", null));
  final URI dynamodb = URI.create(text("DYNAMODB", null));
  /** Empty: no metrics are sent. */
  final String cloudwatch = text("CLOUDWATCH", "");
  final String region = text("REGION", null);
  /** Empty: a KCL that has no such setting, or its default. */
  final String clientVersion = text("CLIENT_VERSION", "");
  final InitialPositionInStreamExtended initialPosition = position(text("POSITION", "TRIM_HORIZON"));
  final boolean http2 = text("HTTP", "h1").equals("h2");
  final boolean fanOut = text("RETRIEVAL", "polling").equals("fan-out");
  /** each: after every batch. middle: at the middle record of it. none: never. prepare: prepared, then committed. prepare-only. */
  final String checkpoint = text("CHECKPOINT", "each");
  final int failoverMs = number("FAILOVER_MS", 5_000);
  final int idleMs = number("IDLE_MS", 250);
  final int maxRecords = number("MAX_RECORDS", 200);
  final int auditMs = number("AUDIT_MS", 5_000);
  final int cleanupMs = number("CLEANUP_MS", 5_000);
  final int workMs = number("WORK_MS", 0);
  /** Percent of the CPU that this worker says it uses, in a metrics row with statistics; negative: a row without. */
  final int cpuPercent = number("CPU_PERCENT", -1);
  /** Percent that each shard adds to it. */
  final int cpuPercentPerShard = number("CPU_PERCENT_PER_SHARD", 0);
  final int metricsReportMs = number("METRICS_REPORT_MS", 30_000);

  private static String text(String name, String byDefault) {
    String value = System.getenv("INTEROP_" + name);
    if (value != null && !value.isEmpty()) return value;
    if (byDefault == null) throw new IllegalArgumentException("INTEROP_" + name + " is not set");
    return byDefault;
  }

  private static int number(String name, int byDefault) {
    return Integer.parseInt(text(name, String.valueOf(byDefault)));
  }

  private static InitialPositionInStreamExtended position(String given) {
    return switch (given) {
      case "TRIM_HORIZON", "LATEST" ->
          InitialPositionInStreamExtended.newInitialPosition(InitialPositionInStream.valueOf(given));
      default -> InitialPositionInStreamExtended.newInitialPositionAtTimestamp(new Date(Long.parseLong(given)));
    };
  }
}
