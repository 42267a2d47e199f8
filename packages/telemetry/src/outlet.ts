/** An outlet that is open. */
export interface Outlet {
  /** Ends it. May be called twice. */
  readonly close: () => void;
}
