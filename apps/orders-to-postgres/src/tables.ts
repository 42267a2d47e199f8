import { Client } from "pg";
import type { Order } from "./orders.js";

const DDL = [
  "DROP TABLE IF EXISTS orders, dead_letters, kc_positions",
  // No key: a row that landed twice shows.
  `CREATE TABLE orders (id bigint NOT NULL, customer text NOT NULL, product text NOT NULL, quantity integer NOT NULL CHECK (quantity > 0),
    total numeric(12, 2) NOT NULL, placed_at timestamptz NOT NULL)`,
  `CREATE TABLE dead_letters ("shardId" text, "sequenceNumber" numeric(56), "errorCode" text, "errorMessage" text, data text)`,
];

/** Each statement takes a while: on loopback a batch is on its way for a moment only, and a kill should meet it there. */
const SLOWLY = [
  "CREATE OR REPLACE FUNCTION take_a_while() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.1); RETURN NULL; END $$",
  "CREATE TRIGGER slowly AFTER INSERT ON orders FOR EACH STATEMENT EXECUTE FUNCTION take_a_while()",
];

/** Makes the tables, empty. */
export async function createTables(url: string, isSlow: boolean): Promise<void> {
  await asked(url, async (client) => {
    for (const statement of isSlow ? [...DDL, ...SLOWLY] : DDL) await client.query(statement);
  });
}

/** What stands in the tables. */
export interface Landed {
  readonly rows: readonly Order[];
  /** Ids of the orders among the dead letters. */
  readonly letters: readonly number[];
}

/** Reads the tables back, as any reader of them would. */
export async function readTables(url: string): Promise<Landed> {
  return asked(url, async (client) => {
    const rows = await client.query<
      Record<"id" | "customer" | "product" | "total", string> & { quantity: number; placed_at: Date }
    >("SELECT id, customer, product, quantity, total, placed_at FROM orders");
    const letters = await client.query<{ data: string }>("SELECT data FROM dead_letters");
    return {
      rows: rows.rows.map(({ id, customer, product, quantity, total, placed_at }) => ({
        id: Number(id),
        customer,
        product,
        quantity,
        total: Number(total),
        placedAt: placed_at.toISOString(),
      })),
      letters: letters.rows.map(
        ({ data }) => (JSON.parse(Buffer.from(data, "base64").toString()) as Order).id,
      ),
    };
  });
}

async function asked<Answer>(url: string, ask: (client: Client) => Promise<Answer>): Promise<Answer> {
  const client = new Client(url);
  await client.connect();
  try {
    return await ask(client);
  } finally {
    await client.end();
  }
}
