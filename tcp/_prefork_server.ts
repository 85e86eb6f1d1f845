/** What runs in each process of the model `prefork`; see `_prefork_model.ts`. */
import type { ServerCounts, ServerStats } from "../mux/server.ts";
import { listenToParent, liveWithParent, tellParent } from "./_child_life.ts";
import { Handlers } from "./_handlers.ts";
import { LoopBackend } from "./_loop_backend.ts";
import { NodeListener } from "./_node_listener.ts";
import { partsOf, type RemoteError } from "./_remote_error.ts";
import type { HandlerModule } from "./handler.ts";
import { TcpListener } from "./listener.ts";
import type { TcpServerOptions } from "./server.ts";

/** Number of the descriptor that is inherited. */
const INHERITED = 3;

/** How often it may tell its counts, in milliseconds. */
const TELL_MS = 20;

/** Options that can go to another process. */
export interface PreforkOptions extends
  Pick<
    TcpServerOptions,
    "backlog" | "maxConnections" | "idleTimeoutMs" | "requestTimeoutMs"
  > {
  readonly handler: HandlerModule;
  readonly addr: Deno.Addr;
}

/** What the process is told: in how long to shut down; `null` is for ever. */
export interface PreforkOrder {
  readonly graceMs: number | null;
}

/** What it tells. */
export type PreforkNews =
  | { readonly ready: true }
  | { readonly failed: RemoteError }
  | { readonly counts: ServerStats }
  | { readonly left: number };

liveWithParent();

/** Serves until it is told to shut down; then it is told to end. */
export async function servePreforked(options: PreforkOptions): Promise<void> {
  const tell = tellParent<PreforkNews>;
  const counts = toldCounts((counts) => tell({ counts }));
  const onListen = () => tell({ ready: true });
  try {
    const backend = backendOf({ ...options, onListen }, counts);
    listenToParent<PreforkOrder>(async ({ graceMs }) => {
      const left = await backend.shutdown({ graceMs: graceMs ?? Infinity });
      tell({ counts: { ...counts } });
      tell({ left });
    });
    await backend.serveForever();
  } catch (error) {
    tell({ failed: partsOf(error) });
  }
}

/** As the model `async` does, but that others accept from the same socket. */
function backendOf(
  options: PreforkOptions & Pick<TcpServerOptions, "onListen">,
  counts: ServerCounts,
): LoopBackend {
  const { addr, backlog } = options;
  const handlers = new Handlers(options.handler, {});
  const listener = new TcpListener(
    new NodeListener(INHERITED, addr, { backlog }),
  );
  return new LoopBackend(
    {
      addr,
      accept: (wait) => listener.accept(wait),
      serve: (socket, context) => handlers.serve(socket, context),
      close: () => listener[Symbol.asyncDispose](),
    },
    options,
    handlers,
    counts,
  );
}

/** Counts that are told soon after they have changed. */
function toldCounts(tell: (counts: ServerStats) => void): ServerCounts {
  const counts = { taken: 0, handled: 0, failed: 0, refused: 0, inFlight: 0 };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tellSoon = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      tell(counts);
    }, TELL_MS);
  };
  const told = {} as ServerCounts;
  for (const name of Object.keys(counts) as (keyof ServerCounts)[]) {
    Object.defineProperty(told, name, {
      get: () => counts[name],
      set: (count: number) => {
        counts[name] = count;
        tellSoon();
      },
      enumerable: true,
    });
  }
  return told;
}
