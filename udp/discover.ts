import { isIP } from "node:net";
import { equals } from "@std/bytes";
import type { HostPort } from "../mux/addr.ts";
import { checkWait } from "../sync/wait_options.ts";
import {
  decodeAnswer,
  decodeQuestion,
  type DiscoveryPeer,
  encodeAnswer,
  encodeQuestion,
  TOKEN_BYTES,
} from "./_discovery_packet.ts";
import { inScope } from "./_discovery_scope.ts";
import { receiveUntil } from "./_receive_until.ts";
import { UdpServer } from "./server.ts";
import { UdpSocket } from "./socket.ts";

/** Multicast group of discovery; it stays inside an organisation (RFC 2365). */
export const DISCOVERY_GROUP = "239.255.76.83";

/** Port of discovery. */
export const DISCOVERY_PORT = 7683;

/** Options of {@linkcode discover}. */
export interface DiscoverOptions {
  /** Service to look for. Default: any. */
  service?: string | undefined;
  /**
   * How long to gather answers, in milliseconds. That is the normal end, not an
   * error. Default: 1,000.
   */
  timeoutMs?: number | undefined;
  /** Ends the search; the call rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
  /** Stop after so many peers. Default: 1,000. */
  limit?: number | undefined;
  /**
   * When to ask for the second time, in milliseconds; each further question
   * comes twice as late after the one before. Default: 100.
   */
  retransmitMs?: number | undefined;
  /**
   * Address to ask from; it selects the network that is asked. Default:
   * `"127.0.0.1"`, this machine only. `"0.0.0.0"` is the system's choice.
   */
  hostname?: string | undefined;
  /** Port that is asked. Default: {@linkcode DISCOVERY_PORT}. */
  port?: number | undefined;
  /** IPv4 group that is asked. Default: {@linkcode DISCOVERY_GROUP}. */
  group?: string | undefined;
  /**
   * Address to ask instead of the group: a broadcast address such as
   * `"192.168.1.255"`, or one host.
   */
  broadcast?: string | undefined;
  /** Called with each peer as soon as it has answered. */
  onFound?: ((found: Found) => void) | undefined;
}

/** A peer that answered. All of it is what the peer claims, but the host. */
export interface Found {
  /**
   * Where the service is: the host that answered, with the port that it told,
   * or else the port that it answered from.
   */
  readonly addr: HostPort;
  /** Service it offers. */
  readonly service: string;
  /** Name it gave itself. */
  readonly name: string;
  /** What else it told, if anything. */
  readonly info?: string;
}

/** Options of {@linkcode answerDiscovery}. */
export interface AnswerDiscoveryOptions {
  /** Service that is offered, 1 to 63 bytes of UTF-8. */
  service: string;
  /** Name of this peer, 1 to 63 bytes of UTF-8. */
  name: string;
  /** Port of the service. Default: the finder is not told. */
  servicePort?: number | undefined;
  /** What else the finder should know, up to 512 bytes of UTF-8. */
  info?: string | undefined;
  /**
   * Address of the network interface to listen on for the group. Default:
   * `"127.0.0.1"`, and then nobody but this machine is answered. `"0.0.0.0"` is
   * the system's choice.
   */
  networkInterface?: string | undefined;
  /**
   * Address to bind. Default: `"0.0.0.0"`, as no other hears multicasts and
   * broadcasts on every system.
   */
  hostname?: string | undefined;
  /** Port to listen on. Default: {@linkcode DISCOVERY_PORT}. */
  port?: number | undefined;
  /** IPv4 group to listen on. Default: {@linkcode DISCOVERY_GROUP}. */
  group?: string | undefined;
  /** Called when an answer cannot be sent. Default: prints to stderr. */
  onError?: ((error: unknown, asker: HostPort) => void) | undefined;
}

/** Answers finders until it is closed. */
export interface DiscoveryResponder extends Disposable, AsyncDisposable {
  /** Address and port that it listens on. */
  readonly addr: Deno.NetAddr;
  /** Resolves once it is closed; rejects if its socket fails. */
  readonly finished: Promise<void>;
  /**
   * Answers no more, and gives the port back once answers under way are sent.
   * Closing twice does nothing.
   */
  close(): Promise<void>;
  /** Answers no more, and waits for nothing; `finished` tells when all ended. */
  [Symbol.dispose](): void;
}

/**
 * Asks who is there, and gathers the answers for a while.
 *
 * The question goes to a multicast group, or by broadcast, several times, as
 * datagrams get lost; each peer is reported once. Two answers are from the same
 * peer if address, service and name are equal. Answers are believed as they
 * are: what matters must be authenticated by the service itself.
 *
 * If aborted, questions may have been sent, and answers are dropped.
 *
 * @param options What to look for, where, and for how long.
 * @returns The peers in the order of their answers; none is not an error.
 * @throws {RangeError} If an option is out of range.
 * @throws {TypeError} If the group is not an IPv4 multicast address.
 *
 * @example One asks, one answers
 * ```ts
 * import { answerDiscovery, discover } from "@lockstep/lockstep/udp";
 * import { assertEquals } from "@std/assert";
 *
 * await using responder = await answerDiscovery({
 *   service: "printer",
 *   name: "upstairs",
 *   servicePort: 9100,
 *   port: 0, // for this example; normally all use the default port
 * });
 * const { port } = responder.addr;
 *
 * const found = await discover({ service: "printer", limit: 1, port });
 * assertEquals(found, [{
 *   addr: { hostname: "127.0.0.1", port: 9100 },
 *   service: "printer",
 *   name: "upstairs",
 * }]);
 * ```
 */
export async function discover(
  options: DiscoverOptions = {},
): Promise<Found[]> {
  const { timeoutMs = 1_000, signal, limit = 1_000 } = options;
  const { service = "", hostname = "127.0.0.1", port = DISCOVERY_PORT } =
    options;
  checkWait({ signal, timeoutMs });
  if (!(limit >= 1)) {
    throw new RangeError(
      `Cannot discover: limit must be 1 or more, got ${limit}`,
    );
  }
  let { retransmitMs = 100 } = options;
  if (!(retransmitMs > 0)) {
    throw new RangeError(
      `Cannot discover: retransmitMs must be above 0, got ${retransmitMs}`,
    );
  }
  const token = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES));
  const question = encodeQuestion({ token, service });
  const to = { hostname: options.broadcast ?? checkedGroup(options), port };

  await using socket = UdpSocket.bind({ hostname, multicastLoopback: true });
  const peers = new Map<string, Found>();
  const endAt = performance.now() + timeoutMs;
  let askAt = performance.now();
  do {
    if (performance.now() >= askAt) {
      await socket.sendTo(question, to);
      askAt = performance.now() + retransmitMs;
      retransmitMs *= 2;
    }
    const datagram = await receiveUntil(
      socket,
      Math.min(askAt, endAt),
      signal,
    );
    const answer = datagram && decodeAnswer(datagram.data);
    if (answer === undefined || !equals(answer.token, token)) continue;
    if (service !== "" && answer.service !== service) continue;
    const found = toFound(answer, datagram!.addr);
    const key = JSON.stringify(found.addr) +
      JSON.stringify([found.service, found.name]);
    if (peers.has(key)) continue;
    peers.set(key, found);
    options.onFound?.(found);
  } while (peers.size < limit && performance.now() < endAt);
  return [...peers.values()];
}

/**
 * Answers those who look for this peer by {@linkcode discover}.
 *
 * Answers go to the asker only. Any number of responders can share the port, in
 * one process or several. Malformed questions, and questions for other services,
 * are ignored. An answer is less than three times as long as its question.
 *
 * @param options Service, name, and where to listen.
 * @returns The responder, listening.
 * @throws {RangeError} If a text is empty or too long, or a port out of range.
 * @throws {TypeError} If the group is not an IPv4 multicast address.
 * @throws {Deno.errors.AddrInUse} If a program that does not share has the port.
 *
 * @example
 * ```ts
 * import { answerDiscovery, discover } from "@lockstep/lockstep/udp";
 * import { assertEquals } from "@std/assert";
 *
 * await using responder = await answerDiscovery({
 *   service: "clock",
 *   name: "attic",
 *   info: "UTC",
 *   port: 0,
 * });
 * const { port } = responder.addr;
 *
 * const [clock] = await discover({ limit: 1, port });
 * assertEquals([clock?.name, clock?.info], ["attic", "UTC"]);
 * assertEquals(await discover({ service: "tide", timeoutMs: 50, port }), []);
 * ```
 */
export async function answerDiscovery(
  options: AnswerDiscoveryOptions,
): Promise<DiscoveryResponder> {
  const { service, name, servicePort = 0, info = "", onError } = options;
  const { networkInterface = "127.0.0.1" } = options;
  const self: DiscoveryPeer = { service, name, servicePort, info };
  encodeAnswer({ ...self, token: new Uint8Array(TOKEN_BYTES) }); // throws now
  const group = checkedGroup(options);

  const server = new UdpServer({
    hostname: options.hostname ?? "0.0.0.0",
    port: options.port ?? DISCOVERY_PORT,
    reuseAddress: true,
    verify: ({ addr }) => inScope(networkInterface, addr.hostname),
    handler: async ({ data, reply }) => {
      const question = decodeQuestion(data);
      if (question === undefined) return;
      if (question.service !== "" && question.service !== service) return;
      await reply(encodeAnswer({ ...self, token: question.token }));
    },
    onError: onError && ((error, { addr }) => onError(error, addr)),
  });
  try {
    await server.socket.joinMulticast(group, { networkInterface });
  } catch (error) {
    server.close();
    throw error;
  }
  const finished = server.serveForever();
  const close = async () => {
    await server.shutdown({ graceMs: 1_000 });
    await finished;
  };
  return {
    addr: server.addr,
    finished,
    close,
    [Symbol.dispose]: () => server.close(),
    [Symbol.asyncDispose]: close,
  };
}

function checkedGroup(options: { group?: string | undefined }): string {
  const { group = DISCOVERY_GROUP } = options;
  if (isIP(group) !== 4 || !/^(22[4-9]|23\d)\./.test(group)) {
    throw new TypeError(
      `Cannot use "${group}" for discovery: it is not an IPv4 multicast group`,
    );
  }
  return group;
}

function toFound(peer: DiscoveryPeer, from: HostPort): Found {
  const { service, name, servicePort, info } = peer;
  const port = servicePort === 0 ? from.port : servicePort;
  const found = { addr: { hostname: from.hostname, port }, service, name };
  return info === "" ? found : { ...found, info };
}
