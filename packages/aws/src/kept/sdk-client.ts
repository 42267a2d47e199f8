import type { ListedSignal } from "../following-signal.js";

/** A class of the SDK's that stands for one operation, such as `PutItemCommand`. */
export type AwsCommand<Input extends object, Output> = new (input: Input) => {
  readonly resolveMiddleware: (
    ...given: never[]
  ) => (request: { input: Input }) => Promise<{ output: Output }>;
};

/** Sends one request by a client, and gives its output or throws the SDK's error. */
export type SendCommand = <Input extends object, Output>(
  command: AwsCommand<Input, Output>,
  input: Input,
  signal?: AbortSignal | ListedSignal,
) => Promise<Output>;

/** A request as the SDK's protocols make it; the members that are touched here. */
export interface SdkRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface SdkResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What an operation's answers teach: the service's time. */
export interface SdkSigner {
  readonly successHandler?: (response: SdkResponse, properties: object) => void;
  readonly errorHandler?: (properties: object) => (error: unknown) => never;
}

/** What the SDK's steps tell each other of a request. */
export type SdkContext = Readonly<Record<string, unknown>>;

/** The body of a request, and how it is written. */
export interface WrittenBody<Body = string | Uint8Array> {
  readonly contentType: string;
  readonly body: Body;
  /** Called once the request has been answered well: its memory may serve another one. Never where it failed, when nobody knows what still looks at it. */
  readonly release?: () => void;
}

/**
 * A client's `protocol`. The first two are the SDK's own. A protocol of ours has the others for the operations whose bodies it writes and reads by
 * itself; undefined for all else, which is left to the first two.
 */
export interface SdkProtocol {
  readonly serializeRequest: (operation: object, input: object, context: SdkContext) => Promise<SdkRequest>;
  readonly deserializeResponse: (
    operation: object,
    context: SdkContext,
    response: SdkResponse,
  ) => Promise<unknown>;
  readonly writeBody?: (operation: string, input: object) => WrittenBody | undefined;
  /** The output of an answer that is no error. */
  readonly readOutput?: (operation: string, response: SdkResponse) => object | undefined;
  /** Whether a failed request is to be made again, in another form. */
  readonly asksAgain?: (input: object, written: WrittenBody, error: unknown) => boolean;
}

/** The parts of an SDK client that a request passes through. */
export interface SdkClient {
  readonly send: (command: object, options: object) => Promise<unknown>;
  readonly config: {
    readonly credentials: () => Promise<unknown>;
    readonly maxAttempts: () => Promise<number>;
    readonly retryStrategy: () => Promise<{ readonly mode?: string }>;
    readonly disableClockSkewCorrection?: () => Promise<boolean>;
    readonly systemClockOffset: number;
    readonly protocol: SdkProtocol;
    readonly requestHandler: object;
  };
  readonly middlewareStack: StepStack;
}

export interface StepStack {
  readonly add: (step: Step, options: object) => void;
  readonly identify: () => readonly string[];
}

type Step = (
  next: (given: Given) => Promise<unknown>,
  context: SdkContext,
) => (given: Given) => Promise<unknown>;

/** What a step of the SDK's is given. */
export interface Given {
  readonly input: object;
  readonly request: SdkRequest;
}

/** An SDK client by its structure: this package brings none of them, and their types differ from service to service. */
export function partsOf(client: object): SdkClient {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return client as SdkClient;
}

export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
