import { type Arguments, type Command, UsageError } from "../cli/command.ts";
import { formatAddr, isLoopback } from "../mux/addr.ts";
import { allowFrom } from "./_allow_from.ts";
import { jsonLog, textLog } from "./_cli_log.ts";
import { about, checkRoot, notEmpty, reason } from "./_cli_local.ts";
import {
  COMMON_FLAGS,
  encoding,
  milliseconds,
  rollover,
  ROLLOVER_FLAG,
} from "./_cli_options.ts";
import { WINDOW_RANGE } from "./_negotiation.ts";
import { TftpServer } from "./server.ts";
import type { TftpRemap, TftpServerOptions } from "./server_options.ts";
import { TFTP_PORT } from "./url.ts";

const MANY = { min: 1, max: 1_000_000 };

/** `lockstep tftp serve`. */
export const serve: Command = {
  summary: "Serves a folder, until Ctrl-C",
  usage: "ROOT",
  notes: `Every name stays below ROOT. Reading is allowed; writing only with
--write, of new files, and of existing ones too with --overwrite. TFTP has no
passwords: use --host in networks that you trust only, and --allow-from. Ctrl-C
and SIGTERM let transfers finish, a second one does not.

--remap puts the part of a name that REGEX matches into other words, in which
$1 stands for the first group: '^/?tftpboot/(.*)=$1'.

  lockstep tftp serve /srv/tftp --host 10.0.0.1 --port 69`,
  flags: {
    host: { value: "HOST", description: "Address to bind (default 127.0.0.1)" },
    port: { value: "PORT", description: "Port to bind (default 69)" },
    "port-range": {
      value: "FIRST-LAST",
      description: "Ports of transfers (default: the system's choice)",
    },
    "single-port": {
      description: "Use one port for all, for containers and NAT",
    },
    write: { description: "Allow new files to be written" },
    overwrite: { description: "Allow files to be replaced, too" },
    "max-file": {
      value: "BYTES",
      description: "Most octets in a file that is written (default: no limit)",
    },
    "allow-from": {
      value: "NETWORKS",
      description: "Serve these only: 10.0.0.0/8,2001:db8::/32 (default: all)",
    },
    "max-transfers": {
      value: "N",
      description: "Most transfers at once (default 256)",
    },
    "max-per-client": {
      value: "N",
      description: "Most transfers of one address at once (default: all)",
    },
    remap: { value: "REGEX=TEXT", description: "Name files anew, see below" },
    "block-size": {
      value: "BYTES",
      description: "Most octets in a block to agree to (default 65464)",
    },
    window: {
      value: "BLOCKS",
      description: "Most blocks in a window to agree to (default 64)",
    },
    "omit-options": {
      value: "NAMES",
      description: "Options to leave unanswered, such as blksize,tsize",
    },
    rollover: ROLLOVER_FLAG,
    ...COMMON_FLAGS,
    json: { description: "Print each event as a line of JSON" },
  },
  async run(args, signal) {
    const [root] = args.expect("ROOT");
    notEmpty("ROOT", root!);
    const log = args.has("json") ? jsonLog() : textLog(args.has("quiet"));
    const options: TftpServerOptions = {
      ...serverOptions(args),
      root: root!,
      onTransfer: (transfer) => log.transfer(transfer),
      onListen: (addr) => log.listening(root!, addr),
    };
    if (options.allowWrite && !isLoopback(options.hostname!)) {
      const who = options.allowFrom === undefined
        ? "anybody"
        : options.allowFrom.join(", ");
      console.error(
        `Warning: ${who} who reaches ${options.hostname} may write to ${root}`,
      );
    }
    await about(`Cannot serve "${root}"`, checkRoot(root!));
    signal.throwIfAborted();
    const server = bind(options);
    signal.addEventListener("abort", () => {
      const { pending, active } = server.stats;
      log.draining(pending + active);
      server.shutdown({ graceMs: Infinity }); // a second Ctrl-C ends it
    });
    await server.serveForever();
    log.stopped(server.stats);
  },
};

function serverOptions(args: Arguments): TftpServerOptions {
  const omitOptions = args.text("omit-options")?.toLowerCase().split(",");
  return {
    hostname: args.text("host") ?? "127.0.0.1",
    port: args.number("port", { min: 0, max: 65_535 }) ?? TFTP_PORT,
    portRange: portRange(args),
    singlePort: args.has("single-port"),
    allowWrite: args.has("write") || args.has("overwrite"),
    overwrite: args.has("overwrite"),
    maxFileBytes: args.number("max-file", {
      min: 0,
      max: Number.MAX_SAFE_INTEGER,
    }),
    allowFrom: networks(args),
    maxTransfers: args.number("max-transfers", MANY),
    maxTransfersPerClient: args.number("max-per-client", MANY),
    remap: remap(args),
    maxBlockSize: args.number("block-size", { min: 512, max: 65_464 }),
    maxWindowBlocks: args.number("window", WINDOW_RANGE),
    quirks: omitOptions && (() => ({ omitOptions })),
    rollover: rollover(args),
    retransmitMs: milliseconds(args, "retransmit"),
    retries: args.number("retries", { min: 0, max: 1_000 }),
    encoding: encoding(args),
  };
}

function portRange(args: Arguments): TftpServerOptions["portRange"] {
  const text = args.text("port-range");
  if (text === undefined) return undefined;
  const [, first, last] = text.match(/^(\d+)-(\d+)$/)?.map(Number) ?? [];
  if (
    first === undefined || last === undefined || first < 1 || last > 65_535 ||
    first > last
  ) {
    throw new UsageError(
      `Cannot use --port-range ${text}: two ports, such as 50000-50100`,
    );
  }
  return [first, last];
}

function networks(args: Arguments): string[] | undefined {
  const list = args.text("allow-from")?.split(",");
  try {
    if (list !== undefined) allowFrom(list);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  return list;
}

function remap(args: Arguments): TftpRemap | undefined {
  const text = args.text("remap");
  if (text === undefined) return undefined;
  const [, source, replacement] = text.match(/^(.+)=([^=]*)$/s) ?? [];
  try {
    if (source === undefined) throw new SyntaxError("it is not REGEX=TEXT");
    const pattern = new RegExp(source, "u");
    return (name) => name.replace(pattern, replacement!);
  } catch (error) {
    throw new UsageError(
      `Cannot use --remap ${text}: ${(error as Error).message}`,
    );
  }
}

function bind(options: TftpServerOptions): TftpServer {
  const { hostname, port } = options;
  try {
    return new TftpServer(options);
  } catch (cause) {
    if (cause instanceof RangeError || cause instanceof TypeError) throw cause;
    const addr = formatAddr({ hostname: hostname!, port: port! });
    throw new Error(`Cannot serve on ${addr}: ${reason(cause)}`, { cause });
  }
}
