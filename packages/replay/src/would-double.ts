import {
  type Emitter,
  KinesisConnectorError,
  type OpenContext,
  type Pipeline,
  type ReplayedStream,
} from "@kinesis-connectors/core";

/**
 * Looks whether records of the stream that come again would be in the destinations twice.
 * @throws KinesisConnectorError `KC_STEERING_REFUSED`, naming what is there and what to say
 */
export async function requireOtherPlace<Model, Output, Plan, DeadLetterPlan>(
  { emitter, deadLetters }: Pipeline<Model, Output, Plan, DeadLetterPlan>,
  again: ReplayedStream,
  opening: OpenContext,
): Promise<void> {
  await refuse("emitter", emitter, again, opening);
  if (deadLetters !== undefined) await refuse("deadLetters", deadLetters, again, opening);
}

async function refuse<Output, Plan>(
  option: string,
  emitter: Emitter<Output, Plan>,
  again: ReplayedStream,
  opening: OpenContext,
): Promise<void> {
  const { wouldDouble } = emitter;
  const found =
    wouldDouble === undefined
      ? "nobody knows what, because it does not tell what it has of the stream already"
      : await wouldDouble(again, opening);
  if (found === undefined) return;
  throw new KinesisConnectorError(
    "KC_STEERING_REFUSED",
    `the replay "${again.application}" was not started, because the pipeline's ${option} writes where live records may be: ${found}. They would be there ` +
      'twice: give it another prefix, table, index, stream or queue, or say into: "other" where it is one',
  );
}
