import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Failure } from "../../tftp/_failure.ts";
import { Link, type LinkOptions, type LinkSocket } from "../../tftp/_link.ts";
import type { Machine } from "../../tftp/_machine.ts";
import { encodeAck, encodeError, type Packet } from "../../tftp/packet.ts";

type Take = (bytes: Uint8Array<ArrayBuffer>, addr: Deno.NetAddr) => unknown;

const PEER: Deno.NetAddr = addrOf("10.0.0.1", 69);

function addrOf(hostname: string, port: number): Deno.NetAddr {
  return { transport: "udp", hostname, port };
}

/** A socket to which datagrams come when a test says so. */
class ScriptedSocket implements LinkSocket {
  /** What was sent: opcode, then block or code, and to which port. */
  readonly sent: string[] = [];
  /** How often somebody began to receive. */
  receives = 0;
  closed = false;
  /** What a send ends with, if not well. */
  fault: Error | undefined;
  #receiving: (PromiseWithResolvers<unknown> & { take: Take }) | undefined;

  sendTo(data: Uint8Array, addr: { port: number }): Promise<number> {
    this.sent.push(`${data[1]} ${data[3]} ${addr.port}`);
    return this.fault === undefined
      ? Promise.resolve(data.length)
      : Promise.reject(this.fault);
  }

  receiveWith<R>(
    take: (bytes: Uint8Array<ArrayBuffer>, addr: Deno.NetAddr) => R | undefined,
  ): Promise<R> {
    assert(this.#receiving === undefined, "two receive at once");
    this.receives++;
    const settled = Promise.withResolvers<unknown>();
    this.#receiving = { take, ...settled };
    return settled.promise as Promise<R>;
  }

  close(): void {
    this.closed = true;
  }

  /** A datagram comes; answers whether anybody received. */
  deliver(bytes: Uint8Array<ArrayBuffer>, addr = PEER): boolean {
    const receiving = this.#receiving;
    if (receiving === undefined) return false;
    const taken = receiving.take(bytes, addr);
    if (taken !== undefined) {
      this.#receiving = undefined;
      receiving.resolve(taken);
    }
    return true;
  }

  fail(error: Error): void {
    this.#receiving?.reject(error);
    this.#receiving = undefined;
  }
}

/** Sends an ACK 0 at first, and a next one for each packet that it gets. */
class Echo implements Machine {
  readonly heard: Packet[] = [];
  deadline = Infinity;
  failure: Failure | undefined;
  expired = 0;
  #due = true;

  handle(packet: Packet): void {
    this.heard.push(packet);
    this.#due = true;
  }

  expire(): void {
    this.expired++;
    this.deadline = Infinity;
  }

  next(): Uint8Array<ArrayBuffer> | undefined {
    if (!this.#due) return undefined;
    this.#due = false;
    return encodeAck(this.heard.length);
  }
}

function setUp(knows: LinkOptions["knows"] = "peer") {
  const socket = new ScriptedSocket();
  const controller = new AbortController();
  const { signal } = controller;
  const link = new Link(socket, PEER, { knows, signal });
  const machine = new Echo();
  const heard = (count: number) => () => machine.heard.length >= count;
  return { socket, controller, link, machine, heard };
}

const never = () => false;

Deno.test("Link sends what the machine has, and gives it what comes", async () => {
  const { socket, link, machine, heard } = setUp();
  const driven = link.drive(machine, { until: heard(2) });
  assertEquals(socket.sent, ["4 0 69"]);
  socket.deliver(encodeAck(1));
  socket.deliver(encodeAck(2));
  await driven;
  assertEquals(machine.heard.map((packet) => packet.type), ["ack", "ack"]);
  assertEquals(socket.sent, ["4 0 69", "4 1 69", "4 2 69"]);
  assertEquals(socket.receives, 1);
});

Deno.test("Link holds one packet for a drive that begins before its receive has settled", async () => {
  const { socket, link, machine, heard } = setUp();
  const first = link.drive(machine, { until: heard(1) });
  socket.deliver(encodeAck(1));
  await first;
  socket.deliver(encodeAck(2)); // nobody drives: held
  assertEquals(machine.heard.length, 1);
  const second = link.drive(machine, { until: heard(3) }); // no turn between
  assertEquals(machine.heard.length, 2);
  assert(socket.deliver(encodeAck(3)), "nobody listens");
  await second;
});

Deno.test("Link leaves more than one packet to the system while nobody drives", async () => {
  const { socket, link, machine, heard } = setUp();
  const first = link.drive(machine, { until: heard(1) });
  socket.deliver(encodeAck(1));
  await first;
  assert(socket.deliver(encodeAck(2)));
  await Promise.resolve();
  assert(!socket.deliver(encodeAck(3)), "received though one is held");
});

Deno.test("Link answers a stranger by error 5, and drops what is malformed", async () => {
  const { socket, link, machine, heard } = setUp();
  const driven = link.drive(machine, { until: heard(1) });
  socket.deliver(encodeAck(1), addrOf("10.0.0.1", 70));
  socket.deliver(encodeAck(1), addrOf("10.0.0.2", 69));
  socket.deliver(encodeError(0, new Uint8Array()), addrOf("10.0.0.1", 70));
  socket.deliver(new Uint8Array([0, 9, 0, 0]));
  assertEquals(machine.heard, []);
  assertEquals(socket.sent, ["4 0 69", "5 5 70", "5 5 69"]);
  socket.deliver(encodeAck(1));
  await driven;
});

Deno.test("Link learns the port of a host, or who the peer is, from the first packet", async () => {
  for (const [knows, hostname] of [["host", "10.0.0.1"], ["nothing", "::5"]]) {
    const { socket, link, machine, heard } = setUp(knows as "host" | "nothing");
    const driven = link.drive(machine, { until: heard(2) });
    socket.deliver(encodeAck(1), addrOf(hostname!, 700));
    socket.deliver(encodeAck(1), addrOf(hostname!, 701));
    socket.deliver(encodeAck(1), addrOf(hostname!, 700));
    await driven;
    const answers = ["4 0 69", "4 1 700", "5 5 701", "4 2 700"];
    assertEquals(socket.sent, answers, knows);
  }
});

Deno.test("Link tells the peer of an abort before, during and after a drive", async () => {
  const before = setUp();
  before.controller.abort(new Error("before"));
  await assertRejects(
    () => before.link.drive(before.machine, { until: never }),
    Error,
    "before",
  );
  const during = setUp();
  const driven = during.link.drive(during.machine, { until: never });
  during.controller.abort(new Error("during"));
  await assertRejects(() => driven, Error, "during");
  await during.link.settled();
  assertEquals(during.socket.sent, ["4 0 69", "5 0 69"]);
  assert(during.socket.closed);
  const { socket, controller, link, machine, heard } = setUp();
  const over = link.drive(machine, { until: heard(1) });
  socket.deliver(encodeAck(1));
  await over;
  controller.abort();
  await link.settled();
  assertEquals(socket.sent.at(-1), "5 0 69");
  assert(socket.closed);
});

Deno.test("Link ends a drive when it is closed, and begins none after", async () => {
  const { socket, link, machine } = setUp();
  const driven = link.drive(machine, { until: never });
  link.close();
  await assertRejects(() => driven, Deno.errors.Interrupted, "was closed");
  await assertRejects(
    () => link.drive(machine, { until: never }),
    Deno.errors.Interrupted,
    "was closed",
  );
  await link.settled();
  assert(socket.closed);
  assertEquals(socket.sent, ["4 0 69"]); // no error: nobody asked for one
});

Deno.test("Link ends a drive by what else it waits for", async () => {
  const { link, machine } = setUp();
  const { promise, resolve } = Promise.withResolvers<void>();
  const driven = link.drive(machine, { until: never, or: promise });
  resolve();
  await driven;
});

Deno.test("Link ends a drive by what the machine, its caller or the system throws", async () => {
  const handled = setUp();
  const handle = () => {
    throw new RangeError("no");
  };
  const driven = handled.link.drive(handled.machine, { until: never, handle });
  handled.socket.deliver(encodeAck(1));
  await assertRejects(() => driven, RangeError, "no");
  const received = setUp();
  const failed = received.link.drive(received.machine, { until: never });
  received.socket.fail(new TypeError("lost"));
  await assertRejects(() => failed, TypeError, "lost");
});

Deno.test("Link tells why it could not send when the answer does not come", async () => {
  const { socket, link, machine } = setUp();
  socket.fault = new Error("Network is unreachable");
  machine.deadline = performance.now() + 1;
  await assertRejects(
    () => link.drive(machine, { until: never }),
    Error,
    "Cannot send to 10.0.0.1:69: Network is unreachable",
  );
  link.close();
});

Deno.test("Link tells the machine when its time is over", async () => {
  const { link, machine } = setUp();
  machine.deadline = performance.now() + 1;
  await link.drive(machine, { until: () => machine.expired === 1 });
  link.close();
});
