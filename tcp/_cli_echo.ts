import { type Arguments, type Command, UsageError } from "../cli/command.ts";
import { bindAddr, HOST_FLAG, onAbort, opened } from "../cli/options.ts";
import { formatAddr } from "../mux/addr.ts";
import { CONCURRENCIES, type Concurrency } from "./concurrency.ts";
import type { ListenOptions } from "./listener.ts";
import { TcpServer } from "./server.ts";

/** Port of the echo server; the one of RFC 862, 7, is for the superuser. */
const ECHO_PORT = 7007;

/** `lockstep tcp echo` */
export const echoCommand: Command = {
  summary: "Sends back what comes on every connection, until Ctrl-C",
  usage: "",
  notes: `Models of concurrency:\n  ${CONCURRENCIES.join("\n  ")}`,
  flags: {
    concurrency: {
      value: "MODEL",
      short: "c",
      description: "How connections are served (default async)",
    },
    size: {
      value: "N",
      description: "Threads or processes, of models that have some",
    },
    max: {
      value: "N",
      description: "Most connections at once (default 10000)",
    },
    host: HOST_FLAG,
    port: {
      value: "PORT",
      short: "p",
      description: `Port to bind, 0 for any (default ${ECHO_PORT})`,
    },
    unix: {
      value: "PATH",
      description: "Bind a Unix socket instead of address and port",
    },
  },
  async run(args, signal) {
    args.expect();
    const concurrency = modelOf(args.text("concurrency") ?? "async");
    const range = { min: 1, max: 1_000_000 };
    const size = args.number("size", range);
    const maxConnections = args.number("max", range) ?? 10_000;
    const where = whereOf(args);
    const server = await opened(where.name, () =>
      new TcpServer({
        ...where.options,
        handler: { module: import.meta.resolve("./_echo.ts"), name: "echo" },
        concurrency,
        size,
        maxConnections,
        onListen: (addr) =>
          console.error(`Echoing on ${nameOf(addr)}, ${concurrency}`),
      }));
    onAbort(signal, () => server.shutdown({ graceMs: 0 }));
    await server.serveForever();
    const { handled, failed } = server.stats;
    console.log(`${handled} connections served, ${failed} failed`);
  },
};

function modelOf(word: string): Concurrency {
  const model = CONCURRENCIES.find((name) => name === word);
  if (model !== undefined) return model;
  throw new UsageError(
    `Cannot use --concurrency ${word}: it is none of ${
      CONCURRENCIES.join(", ")
    }`,
  );
}

/** Where to listen, and how that is called in messages. */
function whereOf(
  args: Arguments,
): { name: string; options: ListenOptions } {
  const path = args.text("unix");
  if (path === undefined) {
    const addr = bindAddr(args, ECHO_PORT);
    return { name: formatAddr(addr), options: addr };
  }
  if ((args.text("host") ?? args.text("port")) !== undefined) {
    throw new UsageError("Cannot use --unix with --host or --port");
  }
  return { name: path, options: { path } };
}

function nameOf(addr: Deno.Addr): string {
  if ("hostname" in addr) return formatAddr(addr);
  return "path" in addr ? addr.path : addr.transport;
}

/** Never called: makes `deno compile` embed the handler. */
export function embed(): unknown {
  return import("./_echo.ts");
}
