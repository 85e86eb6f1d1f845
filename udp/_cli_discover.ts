import type { Command, Flag } from "../cli/command.ts";
import { formatAddr } from "../mux/addr.ts";
import { asUsage, onAbort, opened } from "../cli/options.ts";
import { MAX_INFO_BYTES, MAX_NAME_BYTES } from "./_discovery_packet.ts";
import { printable } from "../mux/printable.ts";
import {
  answerDiscovery,
  discover,
  DISCOVERY_PORT,
  type Found,
} from "./discover.ts";

const PORT_FLAG: Flag = {
  value: "PORT",
  short: "p",
  description: `Port of discovery (default ${DISCOVERY_PORT})`,
};

/** `lockstep udp discover` */
export const discoverCommand: Command = {
  summary: "Asks who is there, and lists who answers",
  usage: "",
  notes: "Exits with 1 if nobody answered. The other end: lockstep udp answer.",
  flags: {
    service: {
      value: "NAME",
      description: "Service to look for (default any)",
    },
    timeout: {
      value: "SECONDS",
      description: "How long to gather answers (default 1)",
    },
    limit: { value: "N", description: "Stop after so many (default 1000)" },
    host: {
      value: "HOST",
      description: "Own address in the network to ask (default 127.0.0.1)",
    },
    port: PORT_FLAG,
    broadcast: {
      value: "HOST",
      description: "Ask this broadcast address instead of the group",
    },
  },
  async run(args, signal) {
    args.expect();
    const service = args.text("service");
    const seconds = { min: 0, max: 86_400, fraction: true };
    const timeout = args.number("timeout", seconds) ?? 1;
    const limit = args.number("limit", { min: 1, max: 100_000 });
    const port = args.number("port", { min: 1, max: 65535 }) ?? DISCOVERY_PORT;
    const hostname = args.text("host") ?? "127.0.0.1";
    const broadcast = args.text("broadcast");
    checkLength("service", service ?? "", MAX_NAME_BYTES);

    let count = 0;
    const onFound = (found: Found) => {
      count++;
      console.log(foundLine(found));
    };
    try {
      await discover({
        service,
        timeoutMs: timeout * 1_000,
        limit,
        hostname,
        port,
        broadcast,
        onFound,
        signal,
      });
    } catch (error) {
      if (!signal.aborted) {
        throw new Error(
          `Cannot discover from ${hostname}: ${(error as Error).message}`,
          { cause: error },
        );
      }
    }
    if (count === 0) throw new Error("Cannot find anybody: no answer came");
  },
};

/** `lockstep udp answer` */
export const answerCommand: Command = {
  summary: "Answers those who discover, until Ctrl-C",
  usage: "NAME",
  flags: {
    service: {
      value: "NAME",
      description: "Service to offer (default lockstep)",
    },
    "service-port": { value: "PORT", description: "Port of that service" },
    info: { value: "TEXT", description: "What else to tell, up to 512 bytes" },
    host: {
      value: "HOST",
      description: "Own address in the network to answer in, 0.0.0.0 for " +
        "the system's choice (default 127.0.0.1)",
    },
    port: PORT_FLAG,
  },
  async run(args, signal) {
    const [name = ""] = args.expect("NAME");
    const service = args.text("service") ?? "lockstep";
    const servicePort = args.number("service-port", { min: 1, max: 65535 });
    const info = args.text("info") ?? "";
    const networkInterface = args.text("host") ?? "127.0.0.1";
    const port = args.number("port", { min: 0, max: 65535 }) ?? DISCOVERY_PORT;
    checkLength("NAME", name, MAX_NAME_BYTES);
    checkLength("service", service, MAX_NAME_BYTES);
    checkLength("info", info, MAX_INFO_BYTES);

    await using responder = await opened(
      { hostname: networkInterface, port },
      () =>
        answerDiscovery({
          service,
          name,
          servicePort,
          info,
          networkInterface,
          port,
          onError: (error, asker) =>
            console.error(
              `Cannot answer ${formatAddr(asker)}: ${(error as Error).message}`,
            ),
        }),
    );
    console.error(
      `Answering as ${printable(name)} on port ${responder.addr.port}`,
    );
    onAbort(signal, () => responder.close().catch(() => {})); // reported below
    await responder.finished;
  },
};

function checkLength(what: string, text: string, maxBytes: number): void {
  const { length } = new TextEncoder().encode(text);
  asUsage(() => {
    if (length <= maxBytes && !(what === "NAME" && length === 0)) return;
    throw new RangeError(
      `Cannot use ${what} of ${length} bytes: it must be 1 to ${maxBytes}`,
    );
  });
}

function foundLine({ name, addr, service, info }: Found): string {
  const cells = [name, formatAddr(addr), service];
  if (info !== undefined) cells.push(info);
  return cells.map(printable).join("  ");
}
