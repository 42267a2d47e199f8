/** A decimal number: d.ddd x 10^exponent, without zeros at either end of the digits. Zero has no digits. */
export interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  /** Of the first digit: 0 for 5.25, 2 for 525. */
  readonly exponent: number;
}

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/;

/** Takes a number apart as DynamoDB does, which drops zeros at both ends. Undefined for a text that is no number. */
export function decimalOf(text: string): Decimal | undefined {
  const [, sign, whole = "", fraction = "", power = "0"] = NUMBER.exec(text) ?? [];
  const all = whole + fraction;
  if (sign === undefined || all === "") return undefined;
  const first = all.search(/[1-9]/);
  if (first === -1) return { negative: false, digits: "", exponent: 0 };
  let end = all.length;
  while (all[end - 1] === "0") end -= 1;
  return {
    negative: sign === "-",
    digits: all.slice(first, end),
    exponent: Number(power) + whole.length - 1 - first,
  };
}
