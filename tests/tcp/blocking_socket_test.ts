import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Pipe } from "../../sync/pipe.ts";
import { type News, type Order, WINDOW } from "../../tcp/_relay_messages.ts";
import { RelayedConn } from "../../tcp/_relayed_conn.ts";
import { BlockingSocket } from "../../tcp/blocking_socket.ts";
import { UnexpectedEofError } from "../../tcp/unexpected_eof.ts";
import { octets, text } from "./_pair.ts";

const AT_ONCE = { timeoutMs: 0 };
const ADDR: Deno.NetAddr = {
  transport: "tcp",
  hostname: "127.0.0.1",
  port: 7,
};

/** A socket, what tells it what comes, and what it has said. */
function relayed() {
  const [near, far] = Pipe<Order, News>({ byteCapacity: 2 * WINDOW });
  const conn = new RelayedConn(far, { remoteAddr: ADDR, localAddr: ADDR });
  return {
    conn,
    socket: new BlockingSocket(conn),
    tell: (...orders: Order[]) => near.sendManySync(orders),
    said: () => near.tryReceiveMany(10_000) ?? [],
  };
}

/** Octets of messages, joined, each as a character. */
function joined(news: readonly News[]): string {
  const latin1 = new TextDecoder("latin1");
  return news.filter((it) => it instanceof Uint8Array)
    .map((it) => latin1.decode(it)).join("");
}

Deno.test("BlockingSocket takes what it is asked for, and keeps the rest", () => {
  const { socket, tell } = relayed();
  tell(octets("one\r\ntw"), octets("o\nthree"), octets("four"), "end");
  assertEquals(socket.readLineSync(), "one");
  assertEquals(socket.readLineSync(), "two");
  assertEquals(text(socket.receiveSync(2)), "th");
  assertEquals(text(socket.receiveExactlySync(5)), "reefo");
  assertEquals(text(socket.tryReceive()), "ur");
  assertEquals(socket.receiveSync(), null);
  assertEquals(socket.tryReceive(), null);
  assertEquals(socket.readLineSync(), null);
  assertEquals(socket.traffic, { received: 18, sent: 0 });
});

Deno.test("BlockingSocket loses nothing to a timeout", () => {
  const { socket, tell } = relayed();
  tell(octets("half"));
  for (const limit of [AT_ONCE, { timeoutMs: 1 }]) {
    const late = [
      () => socket.receiveExactlySync(8, limit),
      () => socket.readLineSync(limit),
    ];
    for (const call of late) {
      const error = assertThrows(call, DOMException);
      assertEquals(error.name, "TimeoutError");
      assertEquals(
        error.message,
        `Cannot wait any longer: not done within ${limit.timeoutMs} ms`,
      );
    }
  }
  tell(octets("done"));
  assertEquals(text(socket.receiveExactlySync(8)), "halfdone");
  assertEquals(socket.tryReceive(), undefined);
});

Deno.test("BlockingSocket says what was missing at the end", () => {
  const { socket, tell } = relayed();
  tell(octets("abc"), "end");
  const error = assertThrows(
    () => socket.receiveExactlySync(4),
    UnexpectedEofError,
  );
  assertEquals([error.have, error.need], [3, 4]);
  assertEquals(socket.readLineSync(), "abc", "it can still be had");
});

Deno.test("BlockingSocket serves calls in order, whichever of them block", async () => {
  const { socket, tell } = relayed();
  const first = socket.receive(3);
  const second = socket.readLine();
  tell(octets("oneline\nmore"));
  assertEquals(text(socket.receiveSync()), "more");
  assertEquals([text(await first), await second], ["one", "line"]);
});

Deno.test("BlockingSocket leaves to the next what an aborted call waited for", async () => {
  const { socket, tell } = relayed();
  const reason = new Error("enough");
  const aborting = new AbortController();
  const waits = socket.receiveExactly(100, { signal: aborting.signal });
  const next = socket.receiveExactly(2);
  aborting.abort(reason);
  assertEquals(await assertRejects(() => waits), reason);
  tell(octets("abc"));
  assertEquals(text(socket.receiveSync()), "c");
  assertEquals(text(await next), "ab");
});

Deno.test("BlockingSocket refuses counts that make no sense", async () => {
  const { socket } = relayed();
  assertThrows(() => socket.receiveSync(0), RangeError);
  assertThrows(() => socket.receiveExactlySync(-1), RangeError);
  await assertRejects(() => socket.receive(0), RangeError);
  await assertRejects(() => socket.receiveExactly(0.5), RangeError);
  await assertRejects(() => socket.receiveInto(new Uint8Array()), RangeError);
});

Deno.test("BlockingSocket gives room as octets are taken, not as they come", () => {
  const { socket, tell, said } = relayed();
  const piece = new Uint8Array(WINDOW / 2 - 32);
  tell(piece, piece);
  assertEquals(text(socket.receiveSync(1)), "\0");
  assertEquals(said(), []);
  socket.receiveExactlySync(piece.length);
  assertEquals(said().length, 1);
  const most = 2 * piece.length;
  tell(piece);
  assertThrows(() => socket.receiveExactlySync(most, AT_ONCE), DOMException);
  const room = said().reduce<number>((sum, it) => sum + Number(it), 0);
  assert(room > WINDOW / 2, "whoever needs more gets more");
});

Deno.test("BlockingSocket sends no more than it has room for", () => {
  const { socket, tell, said } = relayed();
  const data = new Uint8Array(2 * WINDOW).map((_, i) => i % 127);
  assertThrows(() => socket.sendAllSync(data, AT_ONCE), DOMException);
  const before = said();
  assert(joined(before).length <= WINDOW);
  data.fill(0); // what has begun is sent as it was
  tell(WINDOW, WINDOW, WINDOW);
  socket.sendAllSync(octets("after"));
  const all = joined([...before, ...said()]);
  assertEquals(all.length, data.length + 5);
  assertEquals(all.charCodeAt(data.length - 1), (data.length - 1) % 127);
  assert(all.endsWith("after"), "nothing is torn");
});

Deno.test("BlockingSocket.trySend() never waits", () => {
  const { socket } = relayed();
  const data = new Uint8Array(WINDOW);
  const counts = [1, 2, 3].map(() => socket.trySend(data));
  assertEquals(counts, [65_536, 65_536, undefined]);
  assertEquals(socket.trySend(new Uint8Array()), 0);
});

Deno.test("BlockingSocket throws in calls that block when its handler is aborted", async () => {
  const { socket, conn, tell } = relayed();
  const reason = new DOMException("Shut down", "AbortError");
  const waits = socket.receive();
  tell({ abort: reason });
  const error = assertThrows(() => socket.receiveSync(), DOMException);
  assertEquals(error.message, "Shut down");
  assert(conn.signal.aborted);
  const full = new Uint8Array(2 * WINDOW);
  assertThrows(() => socket.sendAllSync(full), DOMException, "Shut down");

  tell(octets("late"), WINDOW, WINDOW, WINDOW);
  socket.sendAllSync(octets("there is room"));
  assertEquals(text(await waits), "late", "who does not block goes on");
});

Deno.test("BlockingSocket tells what became of the connection", () => {
  const { socket, tell } = relayed();
  tell(octets("x"), { failed: new Deno.errors.ConnectionReset("gone") });
  assertEquals(text(socket.receiveSync()), "x");
  assertThrows(
    () => socket.receiveSync(),
    Deno.errors.ConnectionReset,
    "gone",
  );
  tell({ unsent: new Deno.errors.BrokenPipe("nobody reads") });
  assertThrows(() => socket.receiveSync(), Deno.errors.ConnectionReset);
  assertThrows(() => {
    for (;;) socket.sendAllSync(octets("y"));
  }, Deno.errors.BrokenPipe);
});

Deno.test("BlockingSocket.close() ends what waits, and what comes later", async () => {
  const { socket, said } = relayed();
  const waits = socket.receive();
  await socket.closeWrite();
  socket.close();
  socket.close();
  await assertRejects(() => waits, Deno.errors.Interrupted);
  assertThrows(() => socket.receiveSync(), Deno.errors.BadResource);
  assertThrows(() => socket.sendAllSync(octets("x")), Deno.errors.BadResource);
  assert(socket.closed);
  assertEquals(said(), ["end", "close"]);
});

Deno.test("BlockingSocket has streams, and lines", async () => {
  const { socket, tell, said } = relayed();
  tell(octets("one\ntwo\n"), "end");
  assertEquals(text(socket.tryReceive(1)), "o"); // takes all in that has come
  assertEquals(await Array.fromAsync(socket.lines()), ["ne", "two"]);
  assertEquals(await Array.fromAsync(socket.readable), []);
  const writer = socket.writable.getWriter();
  await writer.write(octets("bye"));
  await writer.close();
  assertEquals(joined(said()), "bye");
});
