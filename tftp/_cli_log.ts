import { summary } from "../cli/progress.ts";
import { formatAddr } from "../mux/addr.ts";
import type { TftpTransfer } from "./server_options.ts";
import type { TftpServerStats } from "./server.ts";

/** How a running server tells what happens. */
export interface Log {
  listening(root: string, addr: Deno.NetAddr): void;
  transfer(transfer: TftpTransfer): void;
  draining(transfers: number): void;
  stopped(stats: TftpServerStats): void;
}

/** Lines for people: what went well on stdout unless quiet, the rest on stderr. */
export function textLog(quiet: boolean): Log {
  const say = (line: string) => {
    if (!quiet) console.log(line);
  };
  return {
    listening: (root, addr) => say(`Serving ${root} on ${formatAddr(addr)}`),
    transfer: (transfer) => {
      const { error } = transfer;
      if (error !== undefined) console.error(error.message);
      else if (transfer.state === "probed") {
        const { name, addr } = transfer;
        say(`Told the size of "${name}" to ${formatAddr(addr)}`);
      } else if (transfer.statistics !== undefined) say(sentence(transfer));
    },
    draining: (transfers) => {
      if (quiet || transfers === 0) return;
      const what = transfers === 1 ? "transfer" : "transfers";
      console.error(`Waiting for ${transfers} ${what}, until Ctrl-C again`);
    },
    stopped: ({ done, failed }) =>
      say(`${done} transfers done, ${failed} failed`),
  };
}

/** A JSON object a line, on stdout, for programs. */
export function jsonLog(): Log {
  const say = (event: string, fields: Record<string, unknown>) => {
    const time = new Date().toISOString();
    console.log(JSON.stringify({ time, event, ...fields }));
  };
  return {
    listening: (root, addr) =>
      say("listening", { root, addr: formatAddr(addr) }),
    transfer: ({ state, operation, name, addr, ...outcome }) => {
      const { progress, statistics, error } = outcome;
      const { code, message } = error ?? {};
      say(state, {
        operation,
        name,
        client: formatAddr(addr),
        ...progress,
        ...statistics,
        ...(error && { error: { code, message } }),
      });
    },
    draining: (transfers) => say("draining", { transfers }),
    stopped: ({ done, failed }) => say("stopped", { done, failed }),
  };
}

function sentence(transfer: TftpTransfer): string {
  const { operation, name, addr, statistics } = transfer;
  const [verb, way] = operation === "read" ? ["Sent", "to"] : ["Took", "from"];
  const { bytes, durationMs } = statistics!;
  const how = summary(bytes, durationMs);
  return `${verb} "${name}" ${way} ${formatAddr(addr)}: ${how}`;
}
