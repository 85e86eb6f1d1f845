import { Pipe } from "../sync/pipe.ts";
import { Thread } from "../sync/thread.ts";
import { ThreadError } from "../sync/thread_error.ts";
import {
  type Near,
  type News,
  type Order,
  PIPE_OCTETS,
} from "./_relay_messages.ts";
import type { HandlerModule } from "./handler.ts";

/** A thread that serves one connection after the other. */
export class ServerThread {
  /** How to talk to it. */
  readonly end: Near;
  /** Resolves when it is gone, with the reason. */
  readonly gone: Promise<ThreadError>;
  readonly #thread: Thread;

  /** Starts it. */
  constructor(handler: HandlerModule) {
    const { module, name } = handler;
    const [here, there] = Pipe<Order, News>({ byteCapacity: PIPE_OCTETS });
    this.end = here;
    this.#thread = Thread.start(
      import.meta.resolve("./_thread_server.ts"),
      "serveThread",
      [there, { module: String(module), name }],
      { daemon: true },
    );
    this.gone = this.#watch();
  }

  /** Lets it end; it must be idle. */
  stop(): void {
    this.end.close();
  }

  /** Ends it, whatever it does. */
  kill(): void {
    this.#thread.terminate().catch(() => {}); // it ends
  }

  async #watch(): Promise<ThreadError> {
    try {
      await this.#thread.join();
      return dead("exited", "exited");
    } catch (cause) {
      if (cause instanceof ThreadError) {
        return dead(cause.code, HOW[cause.code], cause);
      }
      return dead("died", "died of an error that nobody caught", cause);
    } finally {
      this.end.close(); // it may have died before it took its own end
    }
  }
}

const HOW = { terminated: "was terminated", exited: "exited", died: "died" };

function dead(
  code: ThreadError["code"],
  how: string,
  cause?: unknown,
): ThreadError {
  const message = `Cannot serve the connection: its thread ${how}`;
  return new ThreadError(code, message, { cause });
}

/** Never called: has the thread's module loaded, and embedded by `deno compile`. */
export function embed(): unknown {
  return import("./_thread_server.ts");
}
