/**
 * Beginnings of DynamoDB's messages that name attributes, types and parts of expressions and never a value. Others, such as "The parameter cannot be
 * converted to a numeric value: ...", do.
 */
const WITHOUT_VALUES =
  /^(?:Invalid (?:Update|Condition)Expression: |One or more parameter values (?:were invalid: Type mismatch|are not valid\. )|Item size |Nesting Levels |An operand in the update expression |The provided expression refers |The document path |The provided key element )/;

/** What may be shown of a message in which DynamoDB refuses an item or an expression; undefined where it may quote a value. Pure. */
export function saidWithoutValues(message: string): string | undefined {
  return WITHOUT_VALUES.test(message) ? message.slice(0, 300) : undefined;
}
