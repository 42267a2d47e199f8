export { runProcess } from "./app/run-process.js";
