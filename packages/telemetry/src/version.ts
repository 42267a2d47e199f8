/** The version of this package, for the metric `up` and the scope of instruments and spans; a test holds it against package.json. */
export const version = "1.0.0";
