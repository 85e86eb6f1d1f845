import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { atMost, line } from "../../mux/cut.ts";
import {
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLRDHUP,
} from "../../mux/event_bits.ts";
import { type Cut, Inbox } from "../../mux/inbox.ts";
import { random, withSeed } from "../sync/_random.ts";
import { text } from "../tcp/_pair.ts";
import { LIMIT } from "./_fake.ts";
import { ManualInflow, turn } from "./_inflow.ts";

function make(): [Inbox, ManualInflow] {
  const flow = new ManualInflow();
  return [new Inbox(flow), flow];
}

/** Takes exactly so many octets. */
function exactly(count: number): Cut<string> {
  return (arrived) => {
    if (arrived.octets.length < count) {
      arrived.need(count);
      return undefined;
    }
    const found = text(arrived.octets.slice(0, count))!;
    arrived.consume(count);
    return found;
  };
}

/** What watchers of an inbox are told. */
function watch(inbox: Inbox, edge: boolean): number[] {
  const told: number[] = [];
  inbox.watch({ edge, changed: (edges) => told.push(edges) });
  return told;
}

Deno.test("Inbox reads nothing until somebody waits, and then once for all", async () => {
  const [inbox, flow] = make();
  await turn();
  assertEquals(flow.reads, 0);
  const taken = [inbox.take(exactly(1)), inbox.take(exactly(1))];
  assertEquals(flow.reads, 1);
  await flow.brings("ab");
  assertEquals(await Promise.all(taken), ["a", "b"]);
  assertEquals(flow.reads, 1);
});

Deno.test("Inbox.take() serves callers in order, whatever they need", async () => {
  const [inbox, flow] = make();
  const taken = [inbox.take(exactly(3)), inbox.take(exactly(1))];
  await flow.brings("ab");
  await flow.brings("cd");
  assertEquals(await Promise.all(taken), ["abc", "d"]);
});

Deno.test("Inbox.take() that is aborted or late takes nothing, and lets the next one go", async () => {
  const [inbox, flow] = make();
  const controller = new AbortController();
  const { signal } = controller;
  const first = inbox.take(exactly(9), { signal }).catch((reason) => reason);
  const second = inbox.take(exactly(1));
  await flow.brings("abc");
  const reason = new Error("any");
  controller.abort(reason);
  assertStrictEquals(await first, reason);
  assertEquals(await second, "a");
  const late = () => inbox.take(exactly(3), { timeoutMs: 1 });
  assertEquals((await assertRejects(late, DOMException)).name, "TimeoutError");
  assertEquals(inbox.tryTake(exactly(2)), "bc");
});

Deno.test("Inbox.take() does not mix up what comes while a read is under way", async () => {
  const [inbox, flow] = make();
  const late = inbox.take(exactly(9), { timeoutMs: 1 }).catch(() => "late");
  await flow.brings("abc"); // and reads on
  assertEquals(await late, "late");
  assertEquals(inbox.tryTake(exactly(3)), "abc"); // all that is there
  await flow.brings("def");
  assertEquals(inbox.tryTake(exactly(3)), "def");
});

Deno.test("Inbox.take() loses nothing that comes while an abort is on its way", async () => {
  for (let hops = 0; hops < 20; hops++) {
    const [inbox, flow] = make();
    const controller = new AbortController();
    const { signal } = controller;
    const taking = inbox.take(exactly(1), { signal }).catch(() => "");
    controller.abort();
    for (let hop = 0; hop < hops; hop++) await Promise.resolve();
    await flow.brings("ab");
    const rest = inbox.tryTake(atMost(2));
    assertEquals(await taking + text(rest), "ab", `after ${hops} microtasks`);
  }
});

Deno.test("Inbox.take() refuses a signal that is aborted already, and reads nothing", async () => {
  const [inbox, flow] = make();
  const signal = AbortSignal.abort("no");
  const taken = inbox.take(atMost(1), { signal }).catch((reason) => reason);
  assertEquals(await taken, "no");
  assertEquals(flow.reads, 0);
});

Deno.test("Inbox.take() gives what was there before an end or an error", async () => {
  const [ending, first] = make();
  const two = ending.take(exactly(2));
  await first.brings("ab");
  assertEquals(await two, "ab");
  const none = ending.take(atMost(1));
  await first.brings(null);
  assertEquals(await none, null);
  assertEquals([ending.ended, ending.received], [true, 2]);

  const [failing, second] = make();
  const three = assertRejects(() => failing.take(exactly(3)), Error, "torn");
  await second.brings("ab");
  await second.fails(new Error("torn"));
  await three;
  assertEquals(failing.tryTake(exactly(2)), "ab");
  assertThrows(() => failing.tryTake(atMost(1)), Error, "torn");
  await assertRejects(() => failing.take(atMost(1)), Error, "torn");
  assertEquals(second.reads, 2);
});

Deno.test("Inbox.take() rejects with what its function throws, and serves the next", async () => {
  const [inbox, flow] = make();
  const refuse = () => {
    throw new TypeError("not that");
  };
  await assertRejects(() => inbox.take(refuse), TypeError, "not that");
  const bad = assertRejects(() => inbox.take(line(1)), RangeError);
  const good = inbox.take(atMost(9));
  await flow.brings("abc");
  await bad;
  assertEquals(text(await good), "abc");
});

Deno.test("Inbox.close() rejects those who wait, and those who come", async () => {
  const [inbox, flow] = make();
  const told = watch(inbox, false);
  const taken = inbox.take(atMost(1));
  inbox.close();
  inbox.close();
  await assertRejects(
    () => taken,
    Deno.errors.Interrupted,
    "Cannot receive: the socket was closed meanwhile",
  );
  const { BadResource } = Deno.errors;
  await assertRejects(() => inbox.take(atMost(1)), BadResource);
  assertThrows(() => inbox.tryTake(atMost(1)), BadResource);
  assertEquals([inbox.events, told], [POLLNVAL, [POLLNVAL]]);
  await flow.brings("late"); // nobody is told
  assertEquals([inbox.events, told], [POLLNVAL, [POLLNVAL]]);
});

Deno.test("Inbox.tryTake() never waits, and starts to read", async () => {
  const [inbox, flow] = make();
  assertEquals(inbox.tryTake(atMost(9)), undefined);
  assertEquals(flow.reads, 1);
  await flow.brings("abc");
  assertEquals(text(inbox.tryTake(atMost(2))), "ab");
  assertEquals(text(inbox.tryTake(atMost(2))), "c");
  assertEquals(flow.reads, 1);
});

Deno.test("Inbox.tryTake() does not overtake those who wait", async () => {
  const [inbox, flow] = make();
  const three = inbox.take(exactly(3));
  await flow.brings("ab");
  assertEquals(inbox.tryTake(atMost(1)), undefined);
  await flow.brings("c");
  assertEquals(await three, "abc");
});

Deno.test("Inbox.events tells of octets, the end, and errors", async () => {
  const [inbox, flow] = make();
  assertEquals(inbox.events, 0);
  inbox.tryTake(atMost(1));
  await flow.brings("a");
  assertEquals(inbox.events, POLLIN);
  inbox.tryTake(atMost(1));
  assertEquals(inbox.events, 0);
  inbox.tryTake(atMost(1));
  await flow.brings(null);
  assertEquals(inbox.events, POLLIN | POLLRDHUP);
  const [failing, broken] = make();
  failing.tryTake(atMost(1));
  await broken.fails(new Error("torn"));
  assertEquals(failing.events, POLLIN | POLLERR | POLLHUP);
});

Deno.test("Inbox.arm() reads once, if somebody wants to know of octets", async () => {
  const [inbox, flow] = make();
  const told = watch(inbox, false);
  inbox.arm(0);
  assertEquals(flow.reads, 0);
  inbox.arm(POLLIN);
  inbox.arm(POLLIN);
  await flow.brings("ab");
  assertEquals([flow.reads, told], [1, [POLLIN]]);
  inbox.arm(POLLIN);
  assertEquals(flow.reads, 1);
  assertEquals(inbox.tryTake(exactly(1)), "a");
  assertEquals(told, [POLLIN]);
  assertEquals(inbox.tryTake(exactly(1)), "b");
  assertEquals(told, [POLLIN, 0]); // nothing is left: to be armed
});

Deno.test("Inbox tells watchers of nothing that somebody waits for", async () => {
  const [inbox, flow] = make();
  const told = watch(inbox, false);
  inbox.arm(POLLIN);
  const controller = new AbortController();
  const { signal } = controller;
  const three = inbox.take(exactly(3), { signal }).catch((reason) => reason);
  await flow.brings("ab");
  assertEquals([inbox.events, told], [0, []]);
  controller.abort("enough");
  assertEquals(await three, "enough");
  assertEquals([inbox.events, told], [POLLIN, [POLLIN]]);
});

Deno.test("Inbox reads on for an edge, as long as less than 64 KiB wait", async () => {
  const [inbox, flow] = make();
  const told = watch(inbox, true);
  inbox.arm(POLLIN);
  let come = 0;
  for (let i = 0; flow.reading; i++) {
    assert(i < 1000, "reads on for ever");
    const piece = new Uint8Array(Math.min(flow.room, 10_000));
    come += piece.length;
    await flow.brings(piece);
  }
  assert(come >= 65_536 && come < 3 * 65_536, `${come} octets`);
  assertEquals(told, Array(told.length).fill(POLLIN));
  assertEquals(inbox.tryTake(atMost(come))?.length, come);
  assert(flow.reading);
});

Deno.test("Inbox reads on for an edge, whoever takes the octets", async () => {
  const [inbox, flow] = make();
  watch(inbox, true);
  inbox.arm(POLLIN);
  while (flow.reading) await flow.brings(new Uint8Array(flow.room));
  const count = inbox.received;
  assertEquals((await inbox.take(atMost(count)))?.length, count);
  assert(flow.reading);
});

Deno.test("Inbox reads no more for an edge once it has failed", async () => {
  const [inbox, flow] = make();
  const told = watch(inbox, true);
  inbox.arm(POLLIN);
  await flow.fails(new Error("torn"));
  assertEquals(told, [POLLIN | POLLERR | POLLHUP]);
  inbox.arm(POLLIN);
  assertThrows(() => inbox.tryTake(atMost(1)), Error, "torn");
  assertEquals([flow.reads, flow.reading], [1, false]);
});

Deno.test("Inbox has room for what arrives, not for what is asked for", async () => {
  const [inbox, flow] = make();
  const much = inbox.take(exactly(10_000_000), LIMIT).catch(() => {});
  assertEquals(flow.room, 2048);
  await flow.brings(new Uint8Array(10));
  assert(flow.room <= 2048);
  inbox.close();
  await much;
  await flow.brings(null);
});

Deno.test("Inbox keeps every octet in its place, whatever is taken when", async () => {
  await withSeed(20, async (seed) => {
    const next = random(seed);
    const [inbox, flow] = make();
    let [come, gone] = [0, 0];
    const bring = async () => {
      const count = 1 + next(Math.min(flow.room, 3000));
      await flow.brings(Uint8Array.from({ length: count }, () => come++));
    };
    const check = (octets: Uint8Array | null | undefined) => {
      for (const octet of octets ?? []) assertEquals(octet, gone++ & 0xff);
    };
    const watcher = { edge: true, changed: () => {} };
    for (let step = 0; step < 60; step++) {
      const what = next(6);
      if (what === 0) inbox.watch(watcher);
      else if (what === 1) inbox.unwatch(watcher);
      else if (what === 2) inbox.arm(POLLIN);
      else if (what === 3) check(inbox.tryTake(atMost(1 + next(4000))));
      else if (flow.reading) await bring();
      else {
        const controller = new AbortController();
        const { signal } = controller;
        const count = 1 + next(5000);
        const taking = inbox.take((arrived) => {
          if (arrived.octets.length < count) return undefined;
          const octets = arrived.octets.slice(0, count);
          arrived.consume(count);
          return octets;
        }, { signal }).then(check, () => {});
        for (let i = next(3); i > 0 && flow.reading; i--) await bring();
        controller.abort();
        await taking;
      }
    }
    for (let taken; (taken = inbox.tryTake(atMost(9999)));) check(taken);
    assertEquals(gone, come);
  });
});
