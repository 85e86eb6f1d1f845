import {
  type Arguments,
  type Command,
  type CommandGroup,
  type Flag,
  UsageError,
} from "../cli/command.ts";
import { Progress, summary } from "../cli/progress.ts";
import { formatAddr } from "../mux/addr.ts";
import { about, checkSource, localPath, notEmpty } from "./_cli_local.ts";
import {
  COMMON_FLAGS,
  encoding,
  milliseconds,
  rollover,
  ROLLOVER_FLAG,
} from "./_cli_options.ts";
import { serve } from "./_cli_serve.ts";
import { TftpClient, type TftpClientOptions } from "./client.ts";
import { checkTarget } from "./_incoming_file.ts";
import { BLOCK_SIZE_RANGE, WINDOW_RANGE } from "./_negotiation.ts";
import type { TftpMode, TransferStatistics } from "./options.ts";
import { parseLocation, TFTP_PORT, type TftpLocation } from "./url.ts";

const TRANSFER_FLAGS: Readonly<Record<string, Flag>> = {
  "block-size": {
    value: "BYTES",
    description: "Octets in a block, 8 to 65464 (default 1428)",
  },
  window: {
    value: "BLOCKS",
    description: "Blocks in a window, 1 to 65535 (default 32, at most 96 KiB)",
  },
  timeout: {
    value: "SECONDS",
    description: "Give up when it takes longer in all (default: never)",
  },
  mode: { value: "MODE", description: "octet (default) or netascii" },
  "any-address": {
    description: "Take the answer from any address of the server",
  },
  rollover: ROLLOVER_FLAG,
  ...COMMON_FLAGS,
};

const get: Command = {
  summary: "Reads a file from a server",
  usage: "HOST[:PORT]:FILE [LOCAL]",
  notes: `FILE may also be given as tftp://HOST[:PORT]/FILE[;mode=netascii].
LOCAL is a file or a folder; without it the file keeps its name and comes to
this folder. "-" writes to the standard output. A local file appears when it is
complete, and replaces one of its name.

  lockstep tftp get 10.0.0.1:boot/vmlinuz
  lockstep tftp get 'tftp://[fe80::1]:6969/motd;mode=netascii' -`,
  flags: TRANSFER_FLAGS,
  async run(args, signal) {
    const [remote, local] = args.expect("HOST[:PORT]:FILE", "[LOCAL]");
    const location = locate(remote!);
    const options = clientOptions(args, location, signal);
    if (local === "-") return await getToStdout(args, location.path, options);
    const to = await localPath(location.path, local);
    const action = `Cannot write "${to}"`;
    await about(action, checkTarget(to));
    const progress = show(args, location.path, options);
    await using client = new TftpClient(options);
    const transfer = progress.around(client.getFile(location.path, to));
    const statistics = await about(action, transfer);
    report(args, `${location.path} -> ${to}`, statistics);
  },
};

const put: Command = {
  summary: "Writes a file to a server",
  usage: "LOCAL HOST[:PORT]:NAME",
  notes: `NAME may also be given as tftp://HOST[:PORT]/NAME[;mode=netascii].
"-" reads the standard input.

  lockstep tftp put running-config 10.0.0.1:backup/switch7
  date | lockstep tftp put - 10.0.0.1:now`,
  flags: TRANSFER_FLAGS,
  async run(args, signal) {
    const [local, remote] = args.expect("LOCAL", "HOST[:PORT]:NAME");
    const location = locate(remote!);
    const options = clientOptions(args, location, signal);
    notEmpty("LOCAL", local!);
    const action = `Cannot read "${local}"`;
    if (local !== "-") await about(action, checkSource(local!));
    const progress = show(args, location.path, options);
    await using client = new TftpClient(options);
    const transfer = progress.around(
      local === "-"
        ? client.put(location.path, Deno.stdin.readable)
        : client.putFile(location.path, local!),
    );
    const statistics = await about(action, transfer);
    report(args, `${local} -> ${location.path}`, statistics);
  },
};

/** `lockstep tftp …`. */
export const tftpCommands: CommandGroup = {
  summary: "File transfer with TFTP servers and clients",
  commands: { get, put, serve },
};

function locate(text: string): TftpLocation {
  try {
    return parseLocation(text);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function clientOptions(
  args: Arguments,
  location: TftpLocation,
  signal: AbortSignal,
): TftpClientOptions {
  return {
    hostname: location.hostname,
    port: location.port,
    blockSize: args.number("block-size", BLOCK_SIZE_RANGE),
    windowBlocks: args.number("window", WINDOW_RANGE),
    timeoutMs: milliseconds(args, "timeout"),
    retransmitMs: milliseconds(args, "retransmit"),
    retries: args.number("retries", { min: 0, max: 1_000 }),
    mode: mode(args) ?? location.mode,
    strictPeer: !args.has("any-address"),
    rollover: rollover(args),
    encoding: encoding(args),
    signal,
  };
}

function mode(args: Arguments): TftpMode | undefined {
  const text = args.text("mode");
  if (text === undefined || text === "octet" || text === "netascii") {
    return text;
  }
  throw new UsageError(`Cannot use --mode ${text}: octet or netascii`);
}

/** Reads a file to the standard output; a terminal there shows nothing else. */
async function getToStdout(
  args: Arguments,
  path: string,
  options: TftpClientOptions,
): Promise<void> {
  const visible = !Deno.stdout.isTerminal();
  const progress = show(args, path, options, visible);
  await using client = new TftpClient(options);
  const startedAt = performance.now();
  const transfer = progress.around(copyToStdout(client.get(path)));
  const bytes = await about("Cannot write to the standard output", transfer);
  if (args.has("quiet")) return;
  console.error(
    `${path} -> -: ${summary(bytes, performance.now() - startedAt)}`,
  );
}

/** Resolves with the number of bytes; a failure tells the server. */
async function copyToStdout(file: AsyncIterable<Uint8Array>): Promise<number> {
  const writer = Deno.stdout.writable.getWriter();
  let bytes = 0;
  try {
    for await (const chunk of file) {
      await writer.write(chunk);
      bytes += chunk.length;
    }
  } finally {
    writer.releaseLock();
  }
  return bytes;
}

/** Shows the progress of transfers with these options, on stderr. */
function show(
  args: Arguments,
  label: string,
  options: TftpClientOptions,
  visible = true,
): { around<T>(work: Promise<T>): Promise<T> } {
  if (args.has("quiet") || !visible) return { around: (work) => work };
  const encoder = new TextEncoder();
  const progress = new Progress({
    label,
    terminal: Deno.stderr.isTerminal(),
    columns: () => Deno.consoleSize().columns,
    write: (text) => void Deno.stderr.writeSync(encoder.encode(text)),
  });
  const server = {
    hostname: options.hostname,
    port: options.port ?? TFTP_PORT,
  };
  progress.note(`Asking ${formatAddr(server)} about ${label} …`);
  options.onProgress = ({ bytes, size }) => progress.update(bytes, size);
  return { around: (work) => work.finally(() => progress.clear()) };
}

function report(
  args: Arguments,
  what: string,
  statistics: TransferStatistics,
): void {
  if (args.has("quiet")) return;
  const { bytes, durationMs, blockSize, windowBlocks, retransmissions } =
    statistics;
  console.error(
    `${what}: ${summary(bytes, durationMs)} (blocks of ${blockSize}, window ` +
      `${windowBlocks}, ${retransmissions} repeated)`,
  );
}
