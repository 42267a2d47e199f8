export { manifestCount, rowsByIcebird } from "./icebird.js";
export { Missing } from "./oracle.js";
export { startPython } from "./python.js";
export { askedTable, type Lake } from "./tables.js";
