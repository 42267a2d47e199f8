/** An answer of PGlite: the part that is used here. */
export interface PGliteResults {
  readonly rows: readonly (readonly (string | null)[])[];
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  readonly affectedRows?: number;
  readonly command?: string;
}

interface PGliteQueryOptions {
  readonly rowMode?: "array";
  readonly parsers?: Readonly<Record<number, (text: string) => string>>;
  readonly blob?: Blob;
}

/** A running PGlite: the part that is used here. */
export interface PGlite {
  readonly exec: (sql: string, options?: PGliteQueryOptions) => Promise<readonly PGliteResults[]>;
  readonly query: (
    sql: string,
    parameters: readonly [],
    options?: PGliteQueryOptions,
  ) => Promise<PGliteResults>;
  readonly close: () => Promise<void>;
}

interface PGliteModule {
  readonly PGlite: { readonly create: () => Promise<PGlite> };
  readonly types: Readonly<Record<string, number>>;
}

// Not written out in the import: the compiler would read PGlite's own declarations, which need Emscripten's and the browser's types.
const MODULE: string = "@electric-sql/pglite";

/** Loads PGlite, an optional peer of this package. */
export async function loadPGlite(): Promise<PGliteModule> {
  return (await import(MODULE)) as PGliteModule;
}
