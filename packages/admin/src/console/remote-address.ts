/** The admin server of another process. */
export interface RemoteProcess {
  readonly url: string;
  /** For reading is enough. Default: none. */
  readonly token?: string | undefined;
}
