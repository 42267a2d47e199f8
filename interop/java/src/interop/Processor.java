package interop;

import static interop.Told.quoted;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ProcessRecordsInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;
import software.amazon.kinesis.processor.RecordProcessorCheckpointer;
import software.amazon.kinesis.processor.ShardRecordProcessor;
import software.amazon.kinesis.retrieval.KinesisClientRecord;

/** Tells of every record it is given, and checkpoints as the settings say. */
final class Processor implements ShardRecordProcessor {
  private static final Settings GIVEN = Settings.GIVEN;
  /** The shards that this worker has. */
  static final Set<String> SHARDS = ConcurrentHashMap.newKeySet();
  private String shard = "\"\"";

  @Override
  public void initialize(InitializationInput input) {
    shard = quoted(input.shardId());
    SHARDS.add(shard);
    Told.event("begin", "shard", shard,
        "checkpoint", quoted(input.extendedSequenceNumber().sequenceNumber()),
        "pending", String.valueOf(input.pendingCheckpointSequenceNumber() != null));
  }

  @Override
  public void processRecords(ProcessRecordsInput input) {
    List<KinesisClientRecord> records = input.records();
    if (records.isEmpty()) return;
    StringBuilder all = new StringBuilder("[");
    for (KinesisClientRecord record : records) {
      ByteBuffer data = record.data().asReadOnlyBuffer();
      byte[] bytes = new byte[data.remaining()];
      data.get(bytes);
      all.append(all.length() == 1 ? "" : ",").append('[').append(quoted(new String(bytes, StandardCharsets.UTF_8)))
          .append(',').append(quoted(record.sequenceNumber())).append(',').append(record.subSequenceNumber()).append(']');
    }
    Told.event("records", "shard", shard, "records", all.append(']').toString());
    if (GIVEN.workMs > 0) {
      try {
        Thread.sleep(GIVEN.workMs);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    KinesisClientRecord at = records.get(GIVEN.checkpoint.equals("middle") ? (records.size() - 1) / 2 : records.size() - 1);
    checkpoint(input.checkpointer(), at);
  }

  private void checkpoint(RecordProcessorCheckpointer checkpointer, KinesisClientRecord at) {
    String sequence = at.sequenceNumber();
    long sub = at.subSequenceNumber();
    byte[] state = "of a Java application".getBytes(StandardCharsets.UTF_8);
    try {
      switch (GIVEN.checkpoint) {
        case "none" -> {
          return;
        }
        case "prepare" -> checkpointer.prepareCheckpoint(sequence, sub, state).checkpoint();
        case "prepare-only" -> checkpointer.prepareCheckpoint(sequence, sub, state);
        default -> checkpointer.checkpoint(sequence, sub);
      }
      Told.event("checkpoint", "shard", shard, "sequence", quoted(sequence), "sub", String.valueOf(sub));
    } catch (Exception e) {
      refused(e);
    }
  }

  @Override
  public void leaseLost(LeaseLostInput input) {
    SHARDS.remove(shard);
    Told.event("lost", "shard", shard);
  }

  @Override
  public void shardEnded(ShardEndedInput input) {
    SHARDS.remove(shard);
    Told.event("ended", "shard", shard);
    try {
      input.checkpointer().checkpoint();
    } catch (Exception e) {
      refused(e);
    }
  }

  @Override
  public void shutdownRequested(ShutdownRequestedInput input) {
    Told.event("asked-to-stop", "shard", shard);
    try {
      if (!GIVEN.checkpoint.equals("none")) input.checkpointer().checkpoint();
    } catch (Exception e) {
      refused(e);
    }
  }

  private void refused(Exception e) {
    Told.event("checkpoint-refused", "shard", shard, "error", quoted(e.getClass().getSimpleName()));
  }
}
