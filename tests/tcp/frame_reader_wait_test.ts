import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { delimited } from "../../tcp/delimited.ts";
import {
  FrameReader,
  type FrameReaderOptions,
} from "../../tcp/frame_reader.ts";
import { lengthPrefixed } from "../../tcp/length_prefixed.ts";
import type { WaitOptions } from "../../sync/wait_options.ts";
import { until } from "../sync/_until.ts";
import { ascii, bytes, shown } from "./_framing.ts";
import { memoryStream } from "./_memory_stream.ts";

function lines(options?: FrameReaderOptions) {
  const [far, near] = memoryStream();
  const send = (text: string) => far.sendAll(ascii(text));
  const reader = new FrameReader(near, delimited(), options);
  return { far, near, send, reader };
}

/** Requires a wait that has run out of time, for this reason. */
async function assertLate(
  wait: () => Promise<unknown>,
  state: string,
): Promise<void> {
  const error = await assertRejects(wait, DOMException, state);
  assertEquals(error.name, "TimeoutError");
}

Deno.test("FrameReader.read() goes on with the same frame after a timeout", async () => {
  const { send, reader } = lines();
  for (const piece of ["o", "ne ", "lin", "e"]) {
    await send(piece);
    await assertLate(() => reader.read({ timeoutMs: 1 }), "within 1 ms");
  }
  assertEquals(reader.pending, 8);
  await send("\ntwo\n");
  assertEquals(shown(await reader.read()), "one line");
  assertEquals(shown(await reader.read()), "two");
});

Deno.test("FrameReader.read() goes on after a timeout at any octet of a trickle", async () => {
  const [far, near] = memoryStream();
  const reader = new FrameReader(near, lengthPrefixed());
  const wire = bytes(0, 0, 0, 3, 7, 8, 9);
  for (const octet of wire.subarray(0, -1)) {
    await far.sendAll(bytes(octet));
    await assertLate(() => reader.read({ timeoutMs: 0 }), "within 0 ms");
  }
  await far.sendAll(bytes(9));
  assertEquals(await reader.read({ timeoutMs: 0 }), bytes(7, 8, 9));
});

Deno.test("FrameReader.read() goes on with the same frame after an abort", async () => {
  const { near, send, reader } = lines();
  await send("on");
  const controller = new AbortController();
  const read = reader.read({ signal: controller.signal });
  await until(() => near.receives.length === 2);
  controller.abort("enough");
  assertEquals(await read.catch((reason) => reason), "enough");
  await send("e\n");
  const { signal } = controller;
  assertEquals(await reader.read({ signal }).catch((r) => r), "enough");
  assertEquals(shown(await reader.read()), "one");
});

Deno.test("FrameReader.read() times out although octets come all the time", async () => {
  const source = { receive: () => Promise.resolve(ascii("x")) };
  const reader = new FrameReader(source, delimited());
  for (const timeoutMs of [0, 5]) {
    await assertLate(() => reader.read({ timeoutMs }), `${timeoutMs} ms`);
  }
});

Deno.test("FrameReader.read() refuses before it looks, if aborted or out of range", async () => {
  const { near, send, reader } = lines();
  await send("one\n");
  const signal = AbortSignal.abort("gone");
  assertEquals(await reader.read({ signal }).catch((r) => r), "gone");
  for (const timeoutMs of [-1, NaN]) {
    await assertRejects(() => reader.read({ timeoutMs }), RangeError);
  }
  assertEquals(near.receives.length, 0);
  assertEquals(shown(await reader.read({ timeoutMs: 0 })), "one");
});

Deno.test("FrameReader.read() that gives up in line leaves the frame to others", async () => {
  const { send, reader } = lines();
  const first = reader.read();
  await assertLate(() => reader.read({ timeoutMs: 1 }), "1 ms");
  const controller = new AbortController();
  const second = reader.read({ signal: controller.signal });
  const third = reader.read();
  controller.abort("gone");
  assertEquals(await second.catch((reason) => reason), "gone");
  await send("one\ntwo\n");
  assertEquals([await first, await third].map(shown), ["one", "two"]);
});

Deno.test("FrameReader.read() that gives up while it reads leaves the frame to the next", async () => {
  const { near, send, reader } = lines();
  const controller = new AbortController();
  const first = reader.read({ signal: controller.signal });
  const second = reader.read();
  await until(() => near.receives.length === 1);
  await send("on");
  await until(() => near.receives.length === 2);
  controller.abort("gone");
  assertEquals(await first.catch((reason) => reason), "gone");
  await send("e\n");
  assertEquals(shown(await second), "one");
});

Deno.test("FrameReader ends a peer that trickles, whatever it sends", async () => {
  const { send, reader } = lines({ timeoutMs: 20 });
  let over = false;
  const trickle = async () => {
    while (!over) {
      await send("x");
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  const trickled = trickle();
  await assertLate(() => reader.read(), "20 ms after its first octet");
  over = true;
  await trickled;
  assert(reader.pending > 1, "octets are lost");
  await send("\n");
  assertEquals(/^x+$/.test(shown(await reader.read()) as string), true);
});

Deno.test("FrameReader gives a peer that was late its time anew", async () => {
  const { send, reader } = lines({ timeoutMs: 5 });
  await send("on");
  for (let i = 0; i < 2; i++) {
    await assertLate(() => reader.read(), "5 ms after its first octet");
  }
  await send("e\n");
  assertEquals(shown(await reader.read()), "one");
});

Deno.test("FrameReader counts the time of a frame over several calls", async () => {
  const { send, reader } = lines({ timeoutMs: 30 });
  await send("on");
  const reasons = new Set<string>();
  while (!reasons.has("it was not complete 30 ms after its first octet")) {
    const error = await assertRejects(() => reader.read({ timeoutMs: 4 }));
    reasons.add((error as Error).message.replace("Cannot read a frame: ", ""));
  }
  assertEquals(reasons.size, 2);
});

Deno.test("FrameReader lets a peer be silent between frames for as long as it likes", async () => {
  const { send, near, reader } = lines({ timeoutMs: 1 });
  await send("one\n");
  await reader.read();
  const next = reader.read();
  await until(() => near.receives.length === 2);
  await send("two\n");
  assertEquals(shown(await next), "two");
  assertEquals(near.receives, [undefined, undefined]);
});

Deno.test("FrameReader ends a peer that is silent, between frames and inside", async () => {
  const { send, reader } = lines({ idleTimeoutMs: 5 });
  await assertLate(() => reader.read(), "nothing came within 5 ms");
  await send("on");
  await assertLate(() => reader.read(), "nothing came within 5 ms");
  await send("e\n");
  assertEquals(shown(await reader.read()), "one");
});

Deno.test("FrameReader counts silence over several calls, until something comes", async () => {
  const { send, near, reader } = lines({ idleTimeoutMs: 60_000 });
  const left = () => (near.receives.at(-1) as WaitOptions).timeoutMs!;
  await assertLate(() => reader.read({ timeoutMs: 9 }), "within 9 ms");
  const reading = reader.read();
  await until(() => near.receives.length === 2);
  assert(left() < 59_995, `${left()} ms are left`);
  await send("one\ntw");
  await reading;
  const next = reader.read();
  await until(() => near.receives.length === 3);
  assertEquals(left(), 60_000);
  await send("o\n");
  await next;
});

Deno.test("FrameReader gives each frame its own time, also after one that is skipped", async () => {
  const [far, near] = memoryStream();
  const codec = lengthPrefixed({
    bytes: 1,
    maxFrameBytes: 2,
    oversize: "skip",
  });
  const reader = new FrameReader(near, codec, { timeoutMs: 60_000 });
  const left = () => near.receives.at(-1)!.timeoutMs;
  await far.sendAll(bytes(9, 1));
  const reading = reader.read();
  await until(() => near.receives.length === 2);
  assertEquals(left(), 60_000);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await far.sendAll(bytes(2));
  await until(() => near.receives.length === 3);
  assert(left()! < 60_000);
  await far.sendAll(bytes(3, 4, 5, 6, 7, 8, 9, 2, 7));
  await until(() => near.receives.length === 4);
  assertEquals(left(), 60_000);
  await far.sendAll(bytes(8));
  assertEquals(await reading, bytes(7, 8));
});

Deno.test("FrameReader refuses times that are negative or not a number", () => {
  for (const wrong of [-1, NaN]) {
    assertThrows(() => lines({ timeoutMs: wrong }), RangeError);
    assertThrows(() => lines({ idleTimeoutMs: wrong }), RangeError);
  }
});

Deno.test("FrameReader leaves no listener on a signal", async () => {
  const { send, reader } = lines();
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener: add, removeEventListener: remove } = signal;
  signal.addEventListener = (type: string, listener: EventListener) => {
    listeners++;
    add.call(signal, type, listener);
  };
  signal.removeEventListener = (type: string, listener: EventListener) => {
    listeners--;
    remove.call(signal, type, listener);
  };
  const reads = [
    reader.read({ signal }),
    reader.read({ signal, timeoutMs: 9e9 }),
  ];
  await until(() => listeners === 2);
  await send("one\ntwo\n");
  await Promise.all(reads);
  await assertRejects(() => reader.read({ signal, timeoutMs: 1 }));
  assertEquals(listeners, 0);
});
