/** From the options of a server to what runs it. */
import { spawn } from "../sync/task.ts";
import { Engine, type Multiplexer } from "./_engine.ts";
import { Handlers, isModule } from "./_handlers.ts";
import { LoopBackend } from "./_loop_backend.ts";
import type { Backend, Model } from "./_model.ts";
import {
  EpollMultiplexer,
  PollMultiplexer,
  RoundsMultiplexer,
  SelectMultiplexer,
} from "./_multiplexers.ts";
import { inPool } from "./_pool_model.ts";
import { preforked } from "./_prefork_model.ts";
import { ProcessModel } from "./_process_model.ts";
import { checkLimits, refuseProcesses } from "./_process_support.ts";
import { ThreadModel } from "./_thread_model.ts";
import { CONCURRENCIES } from "./concurrency.ts";
import type { HandlerModule } from "./handler.ts";
import { listen, type TcpListener } from "./listener.ts";
import type { TcpServerOptions } from "./server.ts";

/**
 * Makes what runs a server.
 *
 * @throws As the constructor of `TcpServer`.
 */
export function backendOf(options: TcpServerOptions): Backend {
  const { concurrency = "async" } = options;
  switch (concurrency) {
    case "serial":
      return inTurns({ ...options, maxConnections: 1 });
    case "async":
      return inTurns(options);
    case "coroutines":
      return inTasks(options);
    case "nonblocking":
      return inLoop(options, new RoundsMultiplexer());
    case "select":
      return inLoop(options, new SelectMultiplexer());
    case "poll":
      return inLoop(options, new PollMultiplexer());
    case "epoll":
      return inLoop(options, new EpollMultiplexer());
    case "threads":
      return inThreads(options);
    case "pool":
      return inPool(options, moduleOf(options));
    case "processes":
      return inProcesses(options);
    case "prefork":
      return preforked(options, moduleOf(options));
    default:
      throw new TypeError(
        `Cannot serve by "${concurrency}": it is none of ${
          CONCURRENCIES.join(", ")
        }`,
      );
  }
}

/** Handlers take turns in this thread. */
function inTurns(options: TcpServerOptions): Backend {
  const handlers = new Handlers(options.handler, options);
  return accepting(options, handlers, (listener) => ({
    addr: listener.addr,
    accept: (wait) => listener.accept(wait),
    serve: (socket, context) => handlers.serve(socket, context),
    close: () => listener[Symbol.asyncDispose](),
  }));
}

/** Each handler is a task of its own, which is cancelled with its connection. */
function inTasks(options: TcpServerOptions): Backend {
  const handlers = new Handlers(options.handler, options);
  return accepting(options, handlers, (listener) => ({
    addr: listener.addr,
    accept: (wait) => listener.accept(wait),
    serve: async (socket, context) => {
      const task = spawn(() => handlers.serve(socket, context));
      const cancel = () => task.cancel(context.signal.reason);
      context.signal.addEventListener("abort", cancel);
      try {
        await task.join();
      } finally {
        context.signal.removeEventListener("abort", cancel);
      }
    },
    close: () => listener[Symbol.asyncDispose](),
  }));
}

/** One loop waits on behalf of all handlers. */
function inLoop(options: TcpServerOptions, multiplexer: Multiplexer): Backend {
  const handlers = new Handlers(options.handler, options);
  const engine = new Engine(multiplexer, options);
  const model: Model = {
    addr: engine.listener.addr,
    accept: (wait) => engine.accept(wait),
    serve: (socket, context) => handlers.serve(socket, context),
    close: () => engine.close(),
  };
  try {
    return new LoopBackend(model, options, handlers);
  } catch (error) {
    engine.close();
    throw error;
  }
}

/** Each handler has a thread to itself. */
function inThreads(options: TcpServerOptions): Backend {
  const { size = navigator.hardwareConcurrency } = options;
  const handler = moduleOf(options);
  const handlers = new Handlers(handler, options);
  return accepting(options, handlers, (listener) => {
    return new ThreadModel(listener, handler, size);
  });
}

/** Each connection is handed to a process, which keeps the limits of time. */
function inProcesses(options: TcpServerOptions): Backend {
  refuseProcesses(options);
  checkLimits(options);
  const handler = moduleOf(options);
  const handlers = new Handlers(handler, options);
  const { idleTimeoutMs: _idle, requestTimeoutMs: _request, ...rest } = options;
  return new LoopBackend(new ProcessModel(options, handler), rest, handlers);
}

/** Where the handler is, for models that run it elsewhere. */
function moduleOf({ handler, concurrency }: TcpServerOptions): HandlerModule {
  if (isModule(handler)) return handler;
  throw new TypeError(
    `Cannot serve by "${concurrency}": the handler must be { module, name }, as it runs elsewhere`,
  );
}

/** Binds the port; it is free again if the model cannot be made. */
function accepting(
  options: TcpServerOptions,
  handlers: Handlers,
  modelOf: (listener: TcpListener) => Model,
): Backend {
  const listener = listen(options);
  try {
    return new LoopBackend(modelOf(listener), options, handlers);
  } catch (error) {
    listener.close();
    throw error;
  }
}
