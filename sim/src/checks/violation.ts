/** Something that must not be: which rule, and what was seen. */
export interface Violation {
  readonly rule: string;
  readonly what: string;
}
