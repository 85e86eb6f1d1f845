import { assertEquals, assertRejects } from "@std/assert";
import { UdpSocket } from "../../udp/socket.ts";

const IPV6 = hasIpv6();
const GROUP = "239.255.76.84";
const LOOPBACK = { networkInterface: "127.0.0.1" };

function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

/** A socket that can hear the group, on a port of its own. */
function listener(): UdpSocket {
  return UdpSocket.bind({ hostname: "0.0.0.0", reuseAddress: true });
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

Deno.test("UdpSocket.joinMulticast() hears what is sent to the group", async () => {
  await using hears = listener();
  await using sender = UdpSocket.bind({ multicastLoopback: true });
  await using _membership = await hears.joinMulticast(GROUP, LOOPBACK);
  await sender.sendTo(bytes(1), {
    hostname: GROUP,
    port: hears.localAddr.port,
  });
  const { data, addr } = await hears.receive({ timeoutMs: 5_000 });
  assertEquals([[...data], addr.port], [[1], sender.localAddr.port]);
});

Deno.test("UdpSocket.joinMulticast() lets two sockets of one port hear the same", async () => {
  await using first = listener();
  const { port } = first.localAddr;
  await using second = UdpSocket.bind({
    hostname: "0.0.0.0",
    port,
    reuseAddress: true,
  });
  await using sender = UdpSocket.bind({ multicastLoopback: true });
  await first.joinMulticast(GROUP, LOOPBACK);
  await second.joinMulticast(GROUP, LOOPBACK);
  await sender.sendTo(bytes(2), { hostname: GROUP, port });
  for (const socket of [first, second]) {
    assertEquals([...(await socket.receive({ timeoutMs: 5_000 })).data], [2]);
  }
});

Deno.test("MulticastMembership.leave() hears the group no more, the socket still hears", async () => {
  await using hears = listener();
  await using sender = UdpSocket.bind({ multicastLoopback: true });
  const { port } = hears.localAddr;
  const membership = await hears.joinMulticast(GROUP, LOOPBACK);
  await membership.leave();
  await sender.sendTo(bytes(1), { hostname: GROUP, port });
  await sender.sendTo(bytes(2), { hostname: "127.0.0.1", port });
  assertEquals([...(await hears.receive({ timeoutMs: 5_000 })).data], [2]);
});

Deno.test("MulticastMembership leaves the group at the end of its block", async () => {
  await using hears = listener();
  await using sender = UdpSocket.bind({ multicastLoopback: true });
  const { port } = hears.localAddr;
  {
    await using _membership = await hears.joinMulticast(GROUP, LOOPBACK);
  }
  await sender.sendTo(bytes(1), { hostname: GROUP, port });
  await sender.sendTo(bytes(2), { hostname: "127.0.0.1", port });
  assertEquals([...(await hears.receive({ timeoutMs: 5_000 })).data], [2]);
});

Deno.test("MulticastMembership.leave() does nothing the second time", async () => {
  await using hears = listener();
  const membership = await hears.joinMulticast(GROUP, LOOPBACK);
  await membership.leave();
  await membership.leave();
  await Promise.all([membership.leave(), membership.leave()]);
});

Deno.test("MulticastMembership.leave() does nothing once the socket is closed", async () => {
  const hears = listener();
  const membership = await hears.joinMulticast(GROUP, LOOPBACK);
  await hears[Symbol.asyncDispose]();
  await membership.leave();
});

Deno.test("UdpSocket.joinMulticast() leaves no trace of a membership that was left", async () => {
  await using hears = listener();
  await using sender = UdpSocket.bind({ multicastLoopback: true });
  const first = await hears.joinMulticast(GROUP, LOOPBACK);
  await first.leave();
  await using _second = await hears.joinMulticast(GROUP, LOOPBACK);
  await first.leave(); // must not end the second
  await sender.sendTo(bytes(3), {
    hostname: GROUP,
    port: hears.localAddr.port,
  });
  assertEquals([...(await hears.receive({ timeoutMs: 5_000 })).data], [3]);
});

/** A socket below a `UdpSocket` that notes what is asked of it. */
function noting(): { socket: UdpSocket; notes: unknown[] } {
  const notes: unknown[] = [];
  const note = (name: string) => (...args: unknown[]) => {
    notes.push([name, ...args]);
    return Promise.resolve();
  };
  const join = (name: string) => (...args: unknown[]) => {
    notes.push([name, ...args]);
    return Promise.resolve({
      setLoopback: note("loopback"),
      setTTL: note("ttl"),
      leave: note("leave"),
    });
  };
  const conn = {
    addr: { transport: "udp", hostname: "0.0.0.0", port: 9 },
    joinMulticastV4: join("v4"),
    joinMulticastV6: join("v6"),
    close: note("close"),
  };
  return { socket: new UdpSocket(conn as unknown as Deno.DatagramConn), notes };
}

Deno.test("UdpSocket.joinMulticast() sets time to live and loopback of IPv4", async () => {
  // The loopback interface brings everything back, so only a fake can tell.
  for (const loopback of [true, false]) {
    const { socket, notes } = noting();
    const { leave } = await socket.joinMulticast(GROUP, {
      ttl: 4,
      loopback,
      ...LOOPBACK,
    });
    await leave();
    assertEquals(notes, [
      ["v4", GROUP, "127.0.0.1"],
      ["ttl", 4],
      ["loopback", loopback],
      ["leave"],
    ]);
  }
});

Deno.test("UdpSocket.joinMulticast() changes nothing that it was not told to", async () => {
  const { socket, notes } = noting();
  await socket.joinMulticast(GROUP);
  await socket.joinMulticast("ff02::4c54");
  assertEquals(notes, [["v4", GROUP, "0.0.0.0"], ["v6", "ff02::4c54", 0]]);
});

Deno.test("UdpSocket.joinMulticast() takes the index of an interface for IPv6", async () => {
  const { socket, notes } = noting();
  await socket.joinMulticast("ff02::4c54", {
    networkInterface: 3,
    loopback: false,
  });
  assertEquals(notes, [["v6", "ff02::4c54", 3], ["loopback", false]]);
});

Deno.test("UdpSocket.joinMulticast() refuses a time to live for IPv6", async () => {
  const { socket, notes } = noting();
  await assertRejects(
    () => socket.joinMulticast("ff02::4c54", { ttl: 1 }),
    RangeError,
  );
  assertEquals(notes, []);
});

Deno.test("MulticastMembership.leave() leaves once", async () => {
  const { socket, notes } = noting();
  const membership = await socket.joinMulticast(GROUP);
  await Promise.all([membership.leave(), membership.leave()]);
  await membership[Symbol.asyncDispose]();
  assertEquals(notes.slice(1), [["leave"]]);
});

Deno.test({
  name: "UdpSocket.joinMulticast() joins and leaves a group of IPv6",
  ignore: !IPV6,
  fn: async () => {
    await using socket = UdpSocket.bind({ hostname: "::", reuseAddress: true });
    const options = { networkInterface: 1, loopback: true };
    for (let round = 0; round < 2; round++) { // the system refuses to join twice
      await using _membership = await socket.joinMulticast(
        "ff02::4c54",
        options,
      );
      await assertRejects(
        () => socket.joinMulticast("ff02::4c54", options),
        Error,
      );
    }
  },
});

Deno.test("UdpSocket.joinMulticast() accepts a time to live from 1 to 255", async () => {
  for (const ttl of [1, 255]) {
    await using hears = listener();
    await using membership = await hears.joinMulticast(GROUP, {
      ...LOOPBACK,
      ttl,
    });
    await membership.leave();
  }
});

Deno.test("UdpSocket.joinMulticast() refuses a time to live out of range, and joins nothing", async () => {
  await using hears = listener();
  await using sender = UdpSocket.bind({ multicastLoopback: true });
  const { port } = hears.localAddr;
  for (const ttl of [0, -1, 256, NaN, Infinity]) {
    await assertRejects(
      () => hears.joinMulticast(GROUP, { ...LOOPBACK, ttl }),
      RangeError,
      String(ttl),
    );
  }
  await sender.sendTo(bytes(1), { hostname: GROUP, port });
  await sender.sendTo(bytes(2), { hostname: "127.0.0.1", port });
  assertEquals([...(await hears.receive({ timeoutMs: 5_000 })).data], [2]);
});

Deno.test("UdpSocket.joinMulticast() refuses a time to live that is not whole", async () => {
  const { socket } = noting();
  await assertRejects(
    () => socket.joinMulticast(GROUP, { ttl: 1.5 }),
    RangeError,
  );
});

Deno.test("UdpSocket.joinMulticast() refuses an address that is no group", async () => {
  await using hears = listener();
  for (
    const group of ["127.0.0.1", "223.255.255.255", "240.0.0.0", "boot", ""]
  ) {
    await assertRejects(() => hears.joinMulticast(group, LOOPBACK), Error);
  }
});

Deno.test("UdpSocket.joinMulticast() rejects when the socket is closed", async () => {
  const socket = listener();
  await socket[Symbol.asyncDispose]();
  await assertRejects(
    () => socket.joinMulticast(GROUP),
    Deno.errors.BadResource,
  );
});
