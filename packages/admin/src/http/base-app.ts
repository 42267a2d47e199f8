import { Hono } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { knownHost, sameOrigin } from "./access.js";
import type { AccessRules } from "./access-rules.js";
import { type AdminEnv, failureAnswer, NOTHING_HERE, refused, SAFE_HEADERS } from "./answers.js";

/** What every server has: headers that keep its answers where they belong, known hosts alone, and errors as JSON. */
export function baseApp(access: AccessRules): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>();
  app.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(SAFE_HEADERS)) context.res.headers.set(name, value);
  });
  app.use(knownHost(access), sameOrigin);
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (context, methods) => {
        const allow = methods.join(", ");
        return refused(context, 405, "method-not-allowed", `this takes ${allow}`, { Allow: allow });
      },
    }),
  );
  app.notFound((context) => refused(context, 404, "not-found", NOTHING_HERE));
  app.onError(failureAnswer);
  return app;
}
