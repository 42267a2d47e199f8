import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  GetStatementResultCommand,
  RedshiftDataClient,
} from "@aws-sdk/client-redshift-data";
import { CallError } from "../world/call-error.js";
import type { Network } from "../world/network.js";
import type { SeededRandom } from "../world/random.js";
import type { RedshiftDatabase, Statement } from "./redshift-database.js";
import { NOWHERE, type Operation, serviceClient } from "../world/service-client.js";
import type { SimProcess } from "../world/sim-process.js";

/** Of a submission whose token is not known any more: then its statement runs beside the first one. */
const FORGOTTEN_TOKENS = 0.3;

/** The Redshift Data API as the SDK's client shows it. */
export class SimRedshift {
  readonly #database: RedshiftDatabase;
  readonly #network: Network;
  readonly #random: SeededRandom;
  readonly #tokens = new Map<string, Statement>();

  constructor(database: RedshiftDatabase, network: Network, random: SeededRandom) {
    this.#database = database;
    this.#network = network;
    this.#random = random;
  }

  /** The client of one process. */
  clientOf(process: SimProcess): RedshiftDataClient {
    return serviceClient(realClient, process, {
      network: this.#network,
      to: "destination",
      throttled: ["ActiveStatementsExceededException", 400],
      operation: (command) => this.#operation(command),
    });
  }

  #operation(command: unknown): Operation {
    if (command instanceof BatchExecuteStatementCommand) {
      const { Sqls = [], ClientToken } = command.input;
      return {
        name: "BatchExecuteStatement",
        about: `${ClientToken ?? "-"} ${Sqls.length}`,
        apply: () => ({ Id: this.#submit(Sqls, ClientToken).id }),
      };
    }
    if (command instanceof DescribeStatementCommand) {
      const { Id = "" } = command.input;
      return {
        name: "DescribeStatement",
        about: Id,
        apply: () => {
          const { status, error } = this.#statement(Id);
          return { Id, Status: status, ...(error === "" ? {} : { Error: error }) };
        },
      };
    }
    if (command instanceof GetStatementResultCommand) {
      const { Id = "" } = command.input;
      return {
        name: "GetStatementResult",
        about: Id,
        apply: () => ({ Records: this.#statement(Id.split(":")[0] ?? "").result }),
      };
    }
    if (command instanceof CancelStatementCommand) {
      const { Id = "" } = command.input;
      return {
        name: "CancelStatement",
        about: Id,
        apply: () => {
          this.#database.cancel(Id);
          return { Status: true };
        },
      };
    }
    throw new Error("the simulated Data API does not know the command");
  }

  #submit(sqls: readonly string[], token: string | undefined): Statement {
    const known = token === undefined ? undefined : this.#tokens.get(token);
    if (known !== undefined && !this.#random.chance(FORGOTTEN_TOKENS)) return known;
    const statement = this.#database.submit(sqls);
    if (token !== undefined) this.#tokens.set(token, statement);
    return statement;
  }

  #statement(id: string): Statement {
    const statement = this.#database.statement(id);
    if (statement === undefined) throw new CallError("ResourceNotFoundException", 400);
    return statement;
  }
}

const realClient = new RedshiftDataClient(NOWHERE);
