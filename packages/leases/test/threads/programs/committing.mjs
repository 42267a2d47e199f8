// Takes a shard in the folder named by its argument and commits one position after the other; says each that is acknowledged.
import { fileLeases, takeShard } from "../../../dist/index.js";

const [folder, ownerId] = process.argv.slice(2);
const table = fileLeases({ folder });
await table.open();
const shard = await takeShard({
  table,
  application: "orders",
  shardId: "s0",
  ownerId,
  initialPosition: { type: "trim-horizon" },
});
const { checkpoint } = await shard.checkpointer.load();
for (let number = Number(checkpoint?.sequenceNumber ?? 0) + 1; ; number += 1) {
  await shard.checkpointer.commit({ sequenceNumber: `${number}`, subSequenceNumber: 0 });
  process.stdout.write(`${number}\n`);
}
