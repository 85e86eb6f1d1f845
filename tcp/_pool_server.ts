/** What runs in each thread of the model `pool`; see `_pool_thread.ts`. */
import type { PipeEnd } from "../sync/pipe.ts";
import type { SharedArray } from "../sync/shared_array.ts";
import { Handlers } from "./_handlers.ts";
import { LoopBackend } from "./_loop_backend.ts";
import { sharedCounts } from "./_shared_counts.ts";
import type { HandlerModule } from "./handler.ts";
import { listen } from "./listener.ts";
import type { TcpServerOptions } from "./server.ts";

/** Options that can go to another thread. */
export interface PoolServerOptions extends
  Pick<
    TcpServerOptions,
    | "hostname"
    | "port"
    | "backlog"
    | "tls"
    | "handshakeTimeoutMs"
    | "maxConnections"
    | "idleTimeoutMs"
    | "requestTimeoutMs"
  > {
  readonly handler: HandlerModule;
}

/** What the thread is told: to serve, or in how many milliseconds to shut down. */
export type PoolOrder = "serve" | number;

/** What it tells: where it is bound, that it serves, or why it cannot. */
export type PoolNews =
  | { readonly addr: Deno.Addr }
  | "ready"
  | { readonly failed: unknown };

/**
 * Binds the port, and serves when it is told to, until it is told to shut down.
 *
 * @returns How many handlers were left behind.
 */
export async function servePool(
  end: PipeEnd<PoolNews, PoolOrder>,
  counts: SharedArray<"f64">,
  options: PoolServerOptions,
): Promise<number> {
  let isReady = false;
  const onListen = () => {
    isReady = true;
    end.sendSync("ready");
  };
  try {
    const backend = bind({ ...options, onListen }, counts);
    end.sendSync({ addr: backend.addr });
    return await obey(end, backend);
  } catch (failed) {
    if (isReady) throw failed;
    end.sendSync({ failed });
    return 0;
  }
}

/** As the model `async` does, but that others may share the port. */
function bind(
  options: PoolServerOptions & Pick<TcpServerOptions, "onListen">,
  counts: SharedArray<"f64">,
): LoopBackend {
  const handlers = new Handlers(options.handler, {});
  const listener = listen({ ...options, reusePort: true });
  return new LoopBackend(
    {
      addr: listener.addr,
      accept: (wait) => listener.accept(wait),
      serve: (socket, context) => handlers.serve(socket, context),
      close: () => listener[Symbol.asyncDispose](),
    },
    options,
    handlers,
    sharedCounts(counts),
  );
}

async function obey(
  end: PipeEnd<PoolNews, PoolOrder>,
  backend: LoopBackend,
): Promise<number> {
  const over = Promise.withResolvers<void>();
  let left = Promise.resolve(0);
  const listen = async () => {
    for await (const order of end) {
      if (order === "serve") {
        over.resolve(backend.serveForever());
      } else {
        left = backend.shutdown({ graceMs: order });
        over.resolve(left.then(() => {})); // unless it serves
      }
    }
  };
  listen().catch(over.reject);
  await over.promise;
  return await left;
}
