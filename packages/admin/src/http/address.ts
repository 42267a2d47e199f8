/** An address to listen on, and the option that names its port. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly option: string;
}
