// Reads a stream of the bench with the Java KCL, and prints what it counted as one line of JSON: Main read|parse STREAM.
//
// read looks at each payload; parse lets Jackson make an object of it and keeps what is paid. KINESIS and DYNAMODB are endpoints, WARM_UP_CPU_MS and
// WINDOW_CPU_MS say how long to look, as in src/rows/meter.ts. Left out: the pause of 200 ms between reads, and metrics. Not left out, and not in the other
// rows: a checkpoint in DynamoDB after each page.
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.atomic.LongAdder;
import software.amazon.awssdk.http.Protocol;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.kinesis.common.ConfigsBuilder;
import software.amazon.kinesis.common.InitialPositionInStream;
import software.amazon.kinesis.common.InitialPositionInStreamExtended;
import software.amazon.kinesis.coordinator.CoordinatorConfig.ClientVersionConfig;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ProcessRecordsInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;
import software.amazon.kinesis.metrics.NullMetricsFactory;
import software.amazon.kinesis.processor.ShardRecordProcessor;
import software.amazon.kinesis.processor.SingleStreamTracker;
import software.amazon.kinesis.retrieval.KinesisClientRecord;
import software.amazon.kinesis.retrieval.polling.PollingConfig;

public class Main {
  private static final int PER_PAGE = 10_000;
  private static final LongAdder records = new LongAdder(), payloadBytes = new LongAdder(), sum = new LongAdder();
  private static final ObjectMapper mapper = new ObjectMapper();

  @JsonIgnoreProperties(ignoreUnknown = true)
  public static class Order {
    public long id;
    public String status;
    public String customer;
    public double total;
    public String note;
  }

  public static void main(String[] args) {
    var isParsing = args[0].equals("parse");
    var stream = args[1];
    var application = "kcl-" + UUID.randomUUID();
    var http = NettyNioAsyncHttpClient.builder().protocol(Protocol.HTTP1_1).build();
    var kinesis = KinesisAsyncClient.builder().endpointOverride(endpoint("KINESIS")).httpClient(http).build();
    var dynamo = DynamoDbAsyncClient.builder().endpointOverride(endpoint("DYNAMODB")).build();
    var cloudWatch = CloudWatchAsyncClient.builder().endpointOverride(URI.create("http://127.0.0.1:1")).build();
    var start = InitialPositionInStreamExtended.newInitialPosition(InitialPositionInStream.TRIM_HORIZON);
    var configs = new ConfigsBuilder(new SingleStreamTracker(stream, start), application, kinesis, dynamo, cloudWatch, application, () -> new Processor(isParsing));
    var polling = new PollingConfig(stream, kinesis).maxRecords(PER_PAGE);
    polling.sleepTimeController(controls -> 0L);
    var scheduler = new Scheduler(
        configs.checkpointConfig(),
        configs.coordinatorConfig().clientVersionConfig(ClientVersionConfig.CLIENT_VERSION_CONFIG_3X),
        configs.leaseManagementConfig(),
        configs.lifecycleConfig(),
        configs.metricsConfig().metricsFactory(new NullMetricsFactory()),
        configs.processorConfig(),
        configs.retrievalConfig().retrievalSpecificConfig(polling));
    var meter = new Thread(Main::measure);
    meter.setDaemon(true);
    meter.start();
    scheduler.run();
  }

  private record Processor(boolean isParsing) implements ShardRecordProcessor {
    @Override public void initialize(InitializationInput input) {}

    @Override public void processRecords(ProcessRecordsInput input) {
      try {
        long bytes = 0, looked = 0;
        for (KinesisClientRecord record : input.records()) {
          ByteBuffer data = record.data();
          bytes += data.remaining();
          if (isParsing) {
            var copy = new byte[data.remaining()];
            data.get(copy);
            var order = mapper.readValue(copy, Order.class);
            if ("paid".equals(order.status)) looked += order.note.length();
          } else looked += data.remaining() + data.get(data.position() + data.remaining() / 2);
        }
        sum.add(looked);
        payloadBytes.add(bytes);
        records.add(input.records().size());
        input.checkpointer().checkpoint();
      } catch (Exception failure) {
        end(failure);
      }
    }

    @Override public void leaseLost(LeaseLostInput input) {}

    @Override public void shardEnded(ShardEndedInput input) {}

    @Override public void shutdownRequested(ShutdownRequestedInput input) {}
  }

  private static void measure() {
    try {
      double warmUpMs = milliseconds("WARM_UP_CPU_MS"), windowMs = milliseconds("WINDOW_CPU_MS");
      while (cpuMs() < warmUpMs || records.sum() == 0) Thread.sleep(1);
      double cpuBefore = cpuMs();
      long recordsBefore = records.sum(), bytesBefore = payloadBytes.sum(), begun = System.nanoTime();
      while (cpuMs() - cpuBefore < windowMs) Thread.sleep(1);
      System.out.printf(
          Locale.ROOT,
          "{\"records\":%d,\"bytes\":%d,\"cpuMs\":%f,\"wallMs\":%f,\"peakRssBytes\":%d,\"sum\":%d}%n",
          records.sum() - recordsBefore, payloadBytes.sum() - bytesBefore, cpuMs() - cpuBefore, (System.nanoTime() - begun) / 1e6, peakRssBytes(), sum.sum());
      System.out.flush();
      Runtime.getRuntime().halt(0);
    } catch (Exception failure) {
      end(failure);
    }
  }

  private static double cpuMs() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime() / 1e6;
  }

  private static long peakRssBytes() throws Exception {
    for (String line : Files.readAllLines(Path.of("/proc/self/status")))
      if (line.startsWith("VmHWM")) return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
    return 0;
  }

  private static double milliseconds(String name) {
    return Double.parseDouble(System.getenv(name));
  }

  private static URI endpoint(String name) {
    return URI.create(System.getenv(name));
  }

  private static void end(Exception failure) {
    failure.printStackTrace();
    Runtime.getRuntime().halt(1);
  }
}
