import { assertEquals, assertRejects } from "@std/assert";
import { UdpSocket } from "../../udp/socket.ts";
import { answer, bytes, IPV6, SOON } from "./_sockets.ts";

Deno.test({
  name: "UdpSocket speaks IPv6",
  ignore: !IPV6,
  fn: async () => {
    await using server = UdpSocket.bind({ hostname: "::1" });
    await using socket = UdpSocket.bind({ hostname: "::1" });
    assertEquals(server.localAddr.hostname, "::1");
    const answered = answer(server, (data) => data);
    assertEquals(
      (await socket.request(bytes(6), server.localAddr, SOON)).data,
      bytes(6),
    );
    await socket.connect(server.localAddr);
    await socket.send(bytes(7));
    assertEquals((await socket.receive(SOON)).addr, server.localAddr);
    server.close();
    await answered;
  },
});

Deno.test({
  name: "UdpSocket.connect() on IPv6 refuses a peer that has only IPv4",
  ignore: !IPV6,
  fn: async () => {
    await using socket = UdpSocket.bind({ hostname: "::1" });
    await assertRejects(
      () => socket.connect({ hostname: "127.0.0.1", port: 9 }),
      Error,
    );
    assertEquals(socket.remoteAddr, undefined);
  },
});

Deno.test({
  name:
    "UdpSocket.connect() hears an IPv6 peer in whatever spelling it was named",
  ignore: !IPV6,
  fn: async () => {
    await using peer = UdpSocket.bind({ hostname: "::1" });
    await using socket = UdpSocket.bind({ hostname: "::1" });
    const { port } = peer.localAddr;
    for (const hostname of ["::1", "0:0:0:0:0:0:0:1", "::0001"]) {
      await socket.connect({ hostname, port });
      await peer.sendTo(bytes(1), socket.localAddr);
      assertEquals((await socket.receive({ timeoutMs: 1_000 })).data, bytes(1));
    }
  },
});

Deno.test({
  name:
    'UdpSocket on "::" shows IPv4 peers as IPv4, and answers, asks and hears them',
  ignore: !IPV6,
  fn: async () => {
    await using dual = UdpSocket.bind({ hostname: "::" });
    await using peer = UdpSocket.bind();
    const { port } = dual.localAddr;
    await peer.sendTo(bytes(1), { hostname: "127.0.0.1", port });
    const { addr } = await dual.receive(SOON);
    assertEquals(addr, peer.localAddr);
    await dual.sendTo(bytes(2), addr);
    assertEquals((await peer.receive(SOON)).data, bytes(2));
    const answered = answer(peer, (data) => data);
    assertEquals((await dual.request(bytes(3), addr, SOON)).data, bytes(3));
    await dual.connect(addr);
    await dual.send(bytes(4));
    assertEquals((await dual.receive(SOON)).addr, peer.localAddr);
    peer.close();
    await answered;
  },
});
