import { assert, assertEquals, assertRejects } from "@std/assert";
import { TftpClient } from "../../tftp/client.ts";
import { TftpError } from "../../tftp/error.ts";
import { TftpServer } from "../../tftp/server.ts";
import type { TftpServerOptions } from "../../tftp/server_options.ts";
import { content, LiveServer, octets } from "./_raw_peer.ts";

const encoder = new TextEncoder();

/** A server of ours without a folder, and a client of it. */
async function virtual(
  options: TftpServerOptions,
  work: (client: TftpClient, server: TftpServer) => Promise<void>,
): Promise<void> {
  const errors: unknown[] = [];
  const server = new TftpServer({
    retransmitMs: 100,
    onError: (error) => errors.push(error),
    ...options,
  });
  const served = server.serveForever();
  {
    await using client = new TftpClient(server.addr);
    await work(client, server);
  }
  await server.shutdown();
  await served;
  assertEquals(errors, []);
}

Deno.test("TftpServer read() gives octets, streams with and without a size", async () => {
  const file = content(2_000);
  async function* pieces() {
    for (let at = 0; at < file.length; at += 300) {
      yield file.subarray(at, at + 300);
    }
  }
  const asked: string[] = [];
  const read = (name: string, peer: Deno.NetAddr) => {
    asked.push(`${name} ${peer.hostname}`);
    switch (name) {
      case "octets":
        return file;
      case "stream":
        return pieces();
      case "sized":
        return { content: pieces(), size: 2_000 };
      case "web":
        return Promise.resolve(ReadableStream.from(pieces()));
      default:
        return undefined;
    }
  };
  await virtual({ read }, async (client) => {
    for (const name of ["octets", "stream", "sized", "web"]) {
      for (const options of [{}, { blockSize: 512, windowBlocks: 1 }]) {
        assertEquals(await client.bytes(name, options), file, name);
      }
    }
    assertEquals(await client.stat("octets"), { size: 2_000 });
    assertEquals(await client.stat("sized"), { size: 2_000 });
    assertEquals(asked[0], "octets 127.0.0.1");
    const error = await assertRejects(() => client.bytes("none"), TftpError);
    assertEquals(error.code, "not-found");
  });
});

Deno.test("TftpServer read() tells a client without options all of it, once", async () => {
  await using live = await LiveServer.start({
    read: (name) => content(Number(name)),
  });
  for (const size of [0, 511, 512, 513, 1_300]) {
    await using peer = live.peer();
    await peer.rrq(`${size}`);
    const last = Math.floor(size / 512) + 1;
    for (let block = 1; block <= last; block++) {
      const length = block < last ? 512 : size % 512;
      await peer.expect(`DATA ${block} ${length}`);
      await peer.ack(block);
    }
    await live.ended(live.server.stats.started);
  }
  await using text = live.peer();
  await text.request("rrq", "600", [], "netascii"); // two LF and two CR in it
  const { packet } = await text.receive();
  assert(packet.type === "data" && packet.data.length === 512);
  await text.ack(1);
  const { packet: rest } = await text.receive();
  assert(rest.type === "data");
  const together = [...packet.data, ...rest.data];
  const lines = [...content(600)].filter((byte) => byte === 10 || byte === 13);
  assertEquals(together.length, 600 + lines.length);
  await text.ack(2);
});

Deno.test("TftpServer gives a stream back that a client does not want", async () => {
  let returned = 0;
  const read = () => ({
    size: 7,
    content: {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ done: true as const, value: undefined }),
        return: () => {
          returned++;
          return Promise.resolve({ done: true as const, value: undefined });
        },
      }),
    },
  });
  await virtual({ read }, async (client) => {
    assertEquals(await client.stat("f"), { size: 7 });
    await assertRejects(() => client.bytes("f"), TftpError, "announced 7");
  });
  assertEquals(returned, 2);
});

Deno.test("TftpServer write() takes whole files and streams", async () => {
  const taken: string[] = [];
  const write = (name: string) => {
    if (name === "whole") {
      return (bytes: Uint8Array) => {
        taken.push(`whole ${bytes.length}`);
      };
    }
    return new WritableStream<Uint8Array>({
      write: (bytes) => void taken.push(`${name} ${bytes.length}`),
      close: () => void taken.push(`${name} closed`),
      abort: () => void taken.push(`${name} aborted`),
    });
  };
  await virtual({ write, allowWrite: true }, async (client) => {
    await client.put("whole", content(700));
    await client.put("stream", content(700));
    async function* broken() {
      yield content(3_000);
      throw new Error("Broken");
    }
    await assertRejects(() => client.put("broken", broken()), Error, "Broken");
  });
  assertEquals(taken, [
    "whole 700",
    "stream 700",
    "stream closed",
    "broken aborted",
  ]);
});

Deno.test("TftpServer hooks refuse by a TftpError, in words", async () => {
  const read = (name: string) => {
    throw new TftpError("no-such-user", `Not for ${name}`);
  };
  const write = () => () => {
    throw new TftpError("disk-full", "No room for it");
  };
  await virtual({ read, write, allowWrite: true }, async (client) => {
    const down = await assertRejects(() => client.bytes("bob"), TftpError);
    assertEquals([down.code, down.remote], ["no-such-user", true]);
    assert(down.message.endsWith('"Not for bob"'), down.message);
    const up = await assertRejects(
      () => client.put("f", encoder.encode("x")),
      TftpError,
    );
    assertEquals([up.code, up.remote], ["disk-full", true]);
  });
});

Deno.test("TftpServer tells onError of a hook that fails, and the client little", async () => {
  const errors: string[] = [];
  const options: TftpServerOptions = {
    read: () => {
      throw new RangeError("my database password is 1234");
    },
    onError: (error) => void errors.push((error as Error).message),
  };
  await virtual(options, async (client) => {
    const error = await assertRejects(() => client.bytes("f"), TftpError);
    assert(error.message.endsWith('error 0 "Internal error"'), error.message);
  });
  // The client has asked once more, without options.
  assertEquals(new Set(errors), new Set(["my database password is 1234"]));
});

Deno.test("TftpServer remap() names files anew, and leads nowhere else", async () => {
  const remap = (name: string, { hostname }: Deno.NetAddr, verb: string) =>
    name === "up"
      ? "../up"
      : name.startsWith("pxe/")
      ? `${hostname}-${verb}-${name.slice(4).toLowerCase()}`
      : name;
  await using live = await LiveServer.start({ remap, allowWrite: true }, {
    "127.0.0.1-read-menu": "menu",
    plain: "plain",
  });
  await using client = new TftpClient(live.addr);
  assertEquals(await client.bytes("pxe/MENU"), octets("menu"));
  assertEquals(await client.bytes("plain"), octets("plain"));
  await client.put("pxe/Log", octets("log"));
  assertEquals(await live.text("127.0.0.1-write-log"), "log");
  const error = await assertRejects(() => client.bytes("up"), TftpError);
  assertEquals(error.code, "access-violation");
});

Deno.test("TftpServer reads files where read() knows nothing, and no others", async () => {
  const read = (name: string) =>
    name === "menu" ? octets("virtual") : undefined;
  await using live = await LiveServer.start({ read }, {
    menu: "real",
    kernel: "kernel",
  });
  await using client = new TftpClient(live.addr);
  assertEquals(await client.bytes("menu"), octets("virtual"));
  assertEquals(await client.bytes("kernel"), octets("kernel"));
});
