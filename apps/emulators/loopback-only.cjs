// Preloaded into servers that would listen on every address of the machine: they listen on loopback.
"use strict";
const { Server } = require("node:net");

const anywhere = Reflect.get(Server.prototype, "listen");
Server.prototype.listen = function listenOnLoopback(...given) {
  const [first] = given;
  const callback = given.find((item) => typeof item === "function");
  const port = typeof first === "object" && first !== null ? first.port : first;
  return anywhere.call(this, { port: Number(port ?? 0), host: "127.0.0.1" }, callback);
};
