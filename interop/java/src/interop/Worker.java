package interop;

import static interop.Told.quoted;

import java.net.URI;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.Protocol;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.kinesis.common.ConfigsBuilder;
import software.amazon.kinesis.coordinator.CoordinatorConfig;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.leases.LeaseManagementConfig;
import software.amazon.kinesis.metrics.MetricsConfig;
import software.amazon.kinesis.metrics.NullMetricsFactory;
import software.amazon.kinesis.processor.SingleStreamTracker;
import software.amazon.kinesis.retrieval.RetrievalConfig;
import software.amazon.kinesis.retrieval.fanout.FanOutConfig;
import software.amazon.kinesis.retrieval.polling.PollingConfig;

/** One worker of the Java KCL on loopback endpoints. SIGTERM stops it gracefully. */
public final class Worker {
  private static final Settings GIVEN = Settings.GIVEN;
  private static final int GRACEFUL_STOP_SECONDS = 20;

  private Worker() {}

  public static void main(String[] args) throws Exception {
    StaticCredentialsProvider credentials = StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test"));
    Region region = Region.of(GIVEN.region);
    KinesisAsyncClient kinesis = KinesisAsyncClient.builder().endpointOverride(GIVEN.kinesis).region(region)
        .credentialsProvider(credentials).httpClientBuilder(NettyNioAsyncHttpClient.builder()
            .protocol(GIVEN.http2 ? Protocol.HTTP2 : Protocol.HTTP1_1).maxConcurrency(100)).build();
    DynamoDbAsyncClient dynamodb = DynamoDbAsyncClient.builder().endpointOverride(GIVEN.dynamodb).region(region)
        .credentialsProvider(credentials).httpClientBuilder(NettyNioAsyncHttpClient.builder().maxConcurrency(50)).build();
    // Without metrics it is never called, and the endpoint is a closed port of this machine.
    CloudWatchAsyncClient cloudwatch = CloudWatchAsyncClient.builder()
        .endpointOverride(URI.create(GIVEN.cloudwatch.isEmpty() ? "http://127.0.0.1:9" : GIVEN.cloudwatch)).region(region)
        .credentialsProvider(credentials).build();
    ConfigsBuilder configs = new ConfigsBuilder(new SingleStreamTracker(GIVEN.stream, GIVEN.initialPosition),
        GIVEN.application, kinesis, dynamodb, cloudwatch, GIVEN.id, Processor::new);

    CoordinatorConfig coordinator = configs.coordinatorConfig();
    coordinator.parentShardPollIntervalMillis(1000);
    coordinator.shardConsumerDispatchPollIntervalMillis(250);
    LeaseManagementConfig leases = configs.leaseManagementConfig()
        .failoverTimeMillis(GIVEN.failoverMs)
        .initialPositionInStream(GIVEN.initialPosition)
        .shardSyncIntervalMillis(GIVEN.auditMs)
        .leasesRecoveryAuditorExecutionFrequencyMillis(GIVEN.auditMs);
    ThirdVersion.set(leases.leaseCleanupConfig(), "leaseCleanupIntervalMillis", (long) GIVEN.cleanupMs);
    ThirdVersion.set(leases.leaseCleanupConfig(), "completedLeaseCleanupIntervalMillis", (long) GIVEN.cleanupMs);
    ThirdVersion.set(coordinator, leases);
    MetricsConfig metrics = configs.metricsConfig();
    if (GIVEN.cloudwatch.isEmpty()) metrics.metricsFactory(new NullMetricsFactory());
    Scheduler scheduler = new Scheduler(configs.checkpointConfig(), coordinator, leases, configs.lifecycleConfig(), metrics,
        configs.processorConfig(), retrieval(configs.retrievalConfig(), kinesis));

    Thread thread = new Thread(scheduler, "scheduler");
    thread.setDaemon(true);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      Told.event("stop-begin");
      try {
        boolean graceful = scheduler.startGracefulShutdown().get(GRACEFUL_STOP_SECONDS, TimeUnit.SECONDS);
        Told.event("stop-end", "graceful", String.valueOf(graceful));
      } catch (Exception e) {
        // A KCL that holds the lease of an ended shard does not stop gracefully in time; its process ends all the same.
        Told.event("stop-end", "graceful", "false", "error", quoted(e.toString()));
      }
    }));
    Told.event("start", "owner", quoted(GIVEN.id));
    thread.start();
    thread.join();
    Told.event("scheduler-end");
  }

  private static RetrievalConfig retrieval(RetrievalConfig retrieval, KinesisAsyncClient kinesis) {
    retrieval.initialPositionInStreamExtended(GIVEN.initialPosition);
    if (GIVEN.fanOut)
      return retrieval.retrievalSpecificConfig(
          new FanOutConfig(kinesis).streamName(GIVEN.stream).applicationName(GIVEN.application));
    PollingConfig polling = new PollingConfig(GIVEN.stream, kinesis).maxRecords(GIVEN.maxRecords);
    polling.idleTimeBetweenReadsInMillis(GIVEN.idleMs);
    return retrieval.retrievalSpecificConfig(polling);
  }
}
