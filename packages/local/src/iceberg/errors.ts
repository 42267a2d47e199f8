import type { JsonObject } from "../json-values.js";

/** The status of each error type that this catalog or a fault rule names (REST specification, the responses of each path; types as Iceberg's own server has them). */
const STATUSES: Readonly<Record<string, number>> = {
  AlreadyExistsException: 409,
  AuthenticationTimeoutException: 419,
  BadRequestException: 400,
  CommitFailedException: 409,
  CommitStateUnknownException: 500,
  ForbiddenException: 403,
  InternalServerError: 500,
  NamespaceNotEmptyException: 409,
  NoSuchNamespaceException: 404,
  NoSuchTableException: 404,
  NoSuchWarehouseException: 404,
  NotAuthorizedException: 401,
  SlowDownException: 503,
  TooManyRequestsException: 429,
  UnsupportedOperationException: 406,
  ValidationException: 400,
};

/** An answer that is an error. */
export class IcebergError extends Error {
  override readonly name = "IcebergError";
  readonly type: string;
  readonly status: number;

  constructor(type: string, message: string, status: number = STATUSES[type] ?? 400) {
    super(message);
    this.type = type;
    this.status = status;
  }
}

/** A request that this catalog cannot take as it is. */
export function badRequest(message: string): IcebergError {
  return new IcebergError("BadRequestException", message);
}

/** What is not emulated says so. */
export function notEmulated(what: string): IcebergError {
  return new IcebergError("UnsupportedOperationException", `[local] not emulated: ${what}`);
}

/** The body of an answer that is an error (`IcebergErrorResponse`). */
export function errorAnswer({ message, type, status }: IcebergError): JsonObject {
  return { error: { message, type, code: status } };
}
