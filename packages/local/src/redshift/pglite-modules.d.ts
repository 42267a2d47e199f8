// PGlite's own declarations need Emscripten's and the browser's types; this is the part that is used here.
declare module "@electric-sql/pglite" {
  export interface PGliteResults {
    readonly rows: readonly (readonly (string | null)[])[];
    readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
    readonly affectedRows?: number;
    readonly command?: string;
  }
  export interface PGliteQueryOptions {
    readonly rowMode?: "array";
    readonly parsers?: Readonly<Record<number, (text: string) => string>>;
    readonly blob?: Blob;
  }
  export interface PGlite {
    readonly exec: (sql: string, options?: PGliteQueryOptions) => Promise<readonly PGliteResults[]>;
    readonly query: (
      sql: string,
      parameters: readonly [],
      options?: PGliteQueryOptions,
    ) => Promise<PGliteResults>;
    readonly close: () => Promise<void>;
  }
  export const PGlite: { readonly create: () => Promise<PGlite> };
  export const types: Readonly<Record<string, number>>;
}
