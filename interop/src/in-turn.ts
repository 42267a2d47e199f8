/** Does all of some work, so much of it at a time, and gives the results in the order of the work. Rejects with the first that fails, once what was begun has ended. */
export async function inTurn<Value>(
  work: readonly (() => Promise<Value>)[],
  atOnce: number,
): Promise<readonly Value[]> {
  const results: Value[] = [];
  const failures: unknown[] = [];
  const rest = work.entries();
  const worker = async (): Promise<void> => {
    for (const [index, begin] of rest) {
      if (failures.length > 0) return;
      try {
        results[index] = await begin();
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}
