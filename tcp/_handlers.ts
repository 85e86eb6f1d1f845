/** From what a user gives as a handler to a function that serves a connection. */
import type {
  HandlerClass,
  HandlerModule,
  TcpContext,
  TcpHandler,
  TcpHooks,
} from "./handler.ts";
import type { TcpSocket } from "./socket.ts";

/** A handler and its hooks, once they are loaded. */
export class Handlers {
  readonly #given: TcpHandler | HandlerClass | HandlerModule;
  #serve: TcpHandler | undefined;
  /** Those of the options, or of the module. */
  hooks: TcpHooks;

  /** @throws {TypeError} If there are hooks besides those of a module. */
  constructor(
    handler: TcpHandler | HandlerClass | HandlerModule,
    hooks: TcpHooks,
  ) {
    this.#given = handler;
    if (!isModule(handler)) this.#serve = serverOf(handler);
    this.hooks = hooks;
    const { verify, onError, onTimeout } = hooks;
    if (isModule(handler) && (verify ?? onError ?? onTimeout) !== undefined) {
      throw new TypeError(
        "Cannot serve: the hooks of a handler in a module are exports of it",
      );
    }
  }

  /** Whether {@linkcode load} has something to do. */
  get isToLoad(): boolean {
    return this.#serve === undefined;
  }

  /**
   * Imports what is in a module.
   *
   * @throws {TypeError} If the module exports no such function.
   */
  async load(): Promise<void> {
    const given = this.#given;
    if (!isModule(given)) return;
    const exports = await import(String(given.module));
    const handler = exports[given.name];
    if (typeof handler !== "function") {
      throw new TypeError(
        `Cannot serve: ${given.module} exports no function or class "${given.name}"`,
      );
    }
    this.#serve = serverOf(handler);
    this.hooks = exports as TcpHooks;
  }

  /** Serves a connection; only after `load()`. */
  serve(socket: TcpSocket, context: TcpContext): void | Promise<void> {
    return this.#serve!(socket, context);
  }
}

/** Whether a handler is to be found by its name. */
export function isModule(
  handler: TcpHandler | HandlerClass | HandlerModule,
): handler is HandlerModule {
  return typeof handler === "object";
}

function serverOf(handler: TcpHandler | HandlerClass): TcpHandler {
  if (!isClass(handler)) return handler;
  return async (socket, context) => {
    const request = new handler(socket, context);
    await request.setup();
    try {
      await request.handle();
    } finally {
      await request.finish();
    }
  };
}

/** `instanceof` fails across two copies of the package. */
function isClass(handler: TcpHandler | HandlerClass): handler is HandlerClass {
  return typeof handler.prototype?.handle === "function";
}
