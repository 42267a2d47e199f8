export { rowsByIcebird } from "./icebird.js";
export { Missing, type Oracle } from "./oracle.js";
export { type PythonSide, startPython } from "./python.js";
