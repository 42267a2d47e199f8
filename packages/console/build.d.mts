/** Builds the browser's files into a folder, which is emptied first. Default: where the package has them. */
export function buildConsole(outDir?: string): Promise<void>;
