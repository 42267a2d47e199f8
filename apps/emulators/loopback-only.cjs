// Preloaded into servers that would listen on every address of the machine: they listen on loopback.
"use strict";
const net = require("node:net");

const { listen } = net.Server.prototype;
net.Server.prototype.listen = function listenOnLoopback(...given) {
  const [first] = given;
  const callback = given.find((item) => typeof item === "function");
  const port = typeof first === "object" && first !== null ? first.port : first;
  return listen.call(this, { port: Number(port ?? 0), host: "127.0.0.1" }, callback);
};
