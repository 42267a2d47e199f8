import type { VNode } from "preact";
import type { ConsoleState } from "../../src/index.js";
import { duration, NOTHING, shortOwner } from "../model/format.js";
import { linesOf } from "../model/outline.js";
import { Fact } from "../parts/fact.js";

/** Where the console looks, and what the connected processes were started with; secrets are hidden before they come here. */
export function Configuration({ state }: { readonly state: ConsoleState }): VNode {
  const { fleet, processes, access } = state;
  const shown = processes.filter(({ config }) => config !== null);
  return (
    <>
      <div class="tools">
        <h2>Configuration</h2>
      </div>
      <section aria-labelledby="fleet-title" class="card">
        <h3 id="fleet-title">Fleet</h3>
        <dl class="facts">
          <Fact name="application">{state.application}</Fact>
          <Fact name="lease table">{fleet?.leaseTable ?? NOTHING}</Fact>
          <Fact name="stream">{fleet?.stream ?? NOTHING}</Fact>
          <Fact name="failover time">{duration(fleet?.failoverTimeMs)}</Fact>
          <Fact name="KCL mode">
            {fleet === null ? NOTHING : (fleet.fleetMode ?? "2.x: each worker takes shards by itself")}
          </Fact>
          <Fact name="this page may">{access === "allowed" ? "look, pause, resume and reset" : "look"}</Fact>
        </dl>
      </section>
      {shown.length > 0 && (
        <div class="cards">
          {shown.map(({ config, snapshot, url }, index) => (
            <section key={snapshot?.ownerId ?? url} aria-labelledby={`config-${index}`} class="card">
              <h3 id={`config-${index}`}>
                {snapshot === null ? (url ?? "process") : shortOwner(snapshot.ownerId)}
              </h3>
              <pre tabIndex={0} aria-label="Configuration of the process">
                {linesOf(config).map(({ depth, name, value }, line) => (
                  <span key={line} class="line">
                    {"  ".repeat(depth)}
                    <span class="name">{name}</span>
                    {value === undefined ? "" : ` ${value}`}
                    {"\n"}
                  </span>
                ))}
              </pre>
            </section>
          ))}
        </div>
      )}
      {shown.length === 0 && (
        <p class="quiet pad">
          {processes.length === 0
            ? "What a process was started with is told by its admin server: start the console with --connect http://127.0.0.1:9464"
            : "The connected processes show no configuration: give startAdmin the option config, or run them by kinesis-connectors run."}
        </p>
      )}
    </>
  );
}
