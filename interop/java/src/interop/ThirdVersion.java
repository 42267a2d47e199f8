package interop;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import software.amazon.kinesis.coordinator.CoordinatorConfig;
import software.amazon.kinesis.leases.LeaseManagementConfig;

/** What only KCL 3 has, by reflection: the same source is compiled against KCL 2. */
final class ThirdVersion {
  private static final String METRIC = "software.amazon.kinesis.worker.metric.";

  private ThirdVersion() {}

  static void set(CoordinatorConfig coordinator, LeaseManagementConfig leases) throws ReflectiveOperationException {
    Settings given = Settings.GIVEN;
    if (given.clientVersion.isEmpty()) return;
    Class<?> versions = Class.forName("software.amazon.kinesis.coordinator.CoordinatorConfig$ClientVersionConfig");
    for (Object version : versions.getEnumConstants())
      if (version.toString().equals(given.clientVersion))
        CoordinatorConfig.class.getMethod("clientVersionConfig", versions).invoke(coordinator, version);
    Object metrics = LeaseManagementConfig.class.getMethod("workerUtilizationAwareAssignmentConfig").invoke(leases);
    // The metrics that it finds by itself ask the instance's metadata service, which this machine has not.
    if (given.cpuPercent < 0) metrics.getClass().getMethod("disableWorkerMetrics", boolean.class).invoke(metrics, true);
    else metrics.getClass().getMethod("workerMetricList", List.class).invoke(metrics, List.of(cpu()));
    metrics.getClass().getMethod("workerMetricsReporterFreqInMillis", long.class).invoke(metrics, (long) given.metricsReportMs);
  }

  /** A WorkerMetric that goes by the shards that this worker has. */
  private static Object cpu() throws ReflectiveOperationException {
    Class<?> metric = Class.forName(METRIC + "WorkerMetric");
    Class<?> value = Class.forName(METRIC + "WorkerMetric$WorkerMetricValue");
    Object range = built(Class.forName(METRIC + "OperatingRange"), "maxUtilization", 100);
    Object type = Class.forName(METRIC + "WorkerMetricType").getField("CPU").get(null);
    return Proxy.newProxyInstance(metric.getClassLoader(), new Class<?>[] {metric}, (proxy, method, args) ->
        switch (method.getName()) {
          case "getShortName" -> "C";
          case "capture" -> built(value, "value", percent());
          case "getOperatingRange" -> range;
          case "getWorkerMetricType" -> type;
          case "hashCode" -> 1;
          case "equals" -> proxy == args[0];
          default -> "cpu " + percent();
        });
  }

  private static double percent() {
    return Math.min(100, Settings.GIVEN.cpuPercent + Settings.GIVEN.cpuPercentPerShard * Processor.SHARDS.size());
  }

  private static Object built(Class<?> type, String field, Object value) throws ReflectiveOperationException {
    Object builder = type.getMethod("builder").invoke(null);
    for (Method method : builder.getClass().getMethods())
      if (method.getName().equals(field)) {
        method.setAccessible(true);
        method.invoke(builder, value);
      }
    Method build = builder.getClass().getMethod("build");
    build.setAccessible(true);
    return build.invoke(builder);
  }

  /** A setting without a setter. */
  static void set(Object object, String name, Object value) throws ReflectiveOperationException {
    Field field = object.getClass().getDeclaredField(name);
    field.setAccessible(true);
    field.set(object, value);
  }
}
