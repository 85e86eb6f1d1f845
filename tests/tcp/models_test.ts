import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { POLLIN } from "../../mux/event_bits.ts";
import {
  type Readiness,
  readiness,
  type Watchable,
  type Watcher,
  Watchers,
} from "../../mux/readiness.ts";
import { RLock } from "../../sync/rlock.ts";
import { currentTask } from "../../sync/task.ts";
import type { Multiplexer } from "../../tcp/_engine.ts";
import {
  EpollMultiplexer,
  PollMultiplexer,
  RoundsMultiplexer,
  SelectMultiplexer,
} from "../../tcp/_multiplexers.ts";
import { CONCURRENCIES } from "../../tcp/concurrency.ts";
import { connect } from "../../tcp/connect.ts";
import { TcpServer } from "../../tcp/server.ts";
import type { TcpSocket } from "../../tcp/socket.ts";
import { STRESS } from "../sync/_random.ts";
import { until } from "../sync/_until.ts";
import { handlerOf, LIMIT, suite, withServer } from "./_model_suite.ts";
import { octets, text } from "./_pair.ts";

/** How many connect at once. */
const MANY = STRESS ? 1000 : 200;

/** Models whose handlers run in this thread. */
const HERE = [
  "serial",
  "async",
  "coroutines",
  "nonblocking",
  "select",
  "poll",
  "epoll",
] as const;

for (const concurrency of HERE) suite(concurrency);
suite("threads", { size: 2 });
if (Deno.build.os === "linux") suite("pool", { size: 1 });
if (Deno.build.os !== "windows") {
  suite("processes", { size: 1 });
  suite("prefork", { size: 1 });
}

for (const concurrency of HERE.slice(1)) {
  // Each wait of select() costs as much as there are connections.
  const many = concurrency === "select" ? MANY / 4 : MANY;
  Deno.test(`TcpServer ${concurrency} lets no slow client stop the others, of ${many}`, async () => {
    const options = { handler: handlerOf("echo"), concurrency, backlog: 1024 };
    await withServer({ ...options, maxConnections: 2000 }, async (server) => {
      using slow = await connect(server.addr);
      await slow.sendAll(octets("h"));
      const clients: TcpSocket[] = [];
      for (let i = 0; i < many; i++) clients.push(await connect(server.addr));
      await until(() => server.stats.inFlight === many + 1);
      await Promise.all(clients.map(async (client, i) => {
        const message = `client ${i}`;
        await client.sendAll(octets(message));
        const answer = await client.receiveExactly(message.length, LIMIT);
        assertEquals(text(answer), message);
        client.close();
      }));
      await until(() => server.stats.inFlight === 1);
      await slow.sendAll(octets("i"));
      assertEquals(text(await slow.receiveExactly(2, LIMIT)), "hi");
    });
  });
}

/** What one handler sees of another that holds a lock of tasks. */
async function seen(concurrency: (typeof HERE)[number]): Promise<boolean[]> {
  const lock = new RLock();
  const handler = async (socket: TcpSocket) => {
    let isMine = false;
    try {
      isMine = currentTask() !== undefined && lock.tryAcquire() !== undefined;
    } catch {
      // Held outside of a task.
    }
    await socket.sendAll(octets(isMine ? "1" : "0"));
    await socket.receive(1);
  };
  const saw: boolean[] = [];
  await withServer({ handler, concurrency }, async (server) => {
    using one = await connect(server.addr);
    saw.push(text(await one.receiveExactly(1, LIMIT)) === "1");
    using two = await connect(server.addr);
    saw.push(text(await two.receiveExactly(1, LIMIT)) === "1");
  });
  return saw;
}

Deno.test("TcpServer coroutines, and no other, serves each connection in a task", async () => {
  for (const concurrency of HERE.slice(1)) {
    const isTask = concurrency === "coroutines";
    assertEquals(await seen(concurrency), [isTask, false], concurrency);
  }
});

/** Counts what a multiplexer does with a source. */
class Counted implements Watchable, Readiness {
  readonly watchers = new Watchers();
  readonly counts = { watched: 0, unwatched: 0, asked: 0 };
  ready = 0;

  get [readiness](): Readiness {
    return this;
  }

  get events(): number {
    this.counts.asked++;
    return this.ready;
  }

  arm(): void {}

  watch(watcher: Watcher): void {
    this.counts.watched++;
    this.watchers.add(watcher);
  }

  unwatch(watcher: Watcher): void {
    this.counts.unwatched++;
    this.watchers.delete(watcher);
  }
}

/** Has an idle and a busy source; the busy one is ready, and wanted, 5 times. */
async function work(multiplexer: Multiplexer): Promise<{
  /** How often the idle one was looked at because of the busy one. */
  idle: number;
  /** How often the busy one was registered and unregistered. */
  watched: number;
  unwatched: number;
}> {
  const idle = new Counted();
  const busy = new Counted();
  multiplexer.want(idle, POLLIN);
  for (let i = 0; i < 5; i++) {
    multiplexer.want(busy, POLLIN);
    const waiting = multiplexer.wait();
    if (i === 0) idle.counts.asked = 0;
    busy.ready = POLLIN;
    busy.watchers.tell(POLLIN);
    let ready = [...await waiting];
    while (!ready.some(([source]) => source === busy)) {
      ready = [...await multiplexer.wait()]; // woken for other reasons
    }
    busy.ready = 0;
    multiplexer.want(busy, 0);
  }
  const { watched, unwatched } = busy.counts;
  multiplexer.close();
  return { idle: idle.counts.asked, watched, unwatched };
}

Deno.test("SelectMultiplexer gives all sources to each wait", async () => {
  const { idle, watched } = await work(new SelectMultiplexer());
  assertEquals([idle >= 5, watched >= 5], [true, true]);
});

Deno.test("PollMultiplexer looks at ready sources, which it registers each time", async () => {
  const { idle, watched, unwatched } = await work(new PollMultiplexer());
  assertEquals([idle <= 1, watched, unwatched], [true, 5, 5]);
});

Deno.test("EpollMultiplexer looks at ready sources, and keeps them", async () => {
  const { idle, unwatched } = await work(new EpollMultiplexer());
  assertEquals([idle <= 1, unwatched], [true, 4]); // modified, never taken out
});

Deno.test("RoundsMultiplexer registers nothing, and asks all each time", async () => {
  const { idle, watched } = await work(new RoundsMultiplexer());
  assertEquals([idle >= 5, watched], [true, 0]);
});

Deno.test("TcpServer refuses models that there are not, listing those that are", () => {
  const concurrency = "fork" as "async";
  const error = assertThrows(
    () => new TcpServer({ handler: () => {}, concurrency }),
    TypeError,
  );
  for (const model of CONCURRENCIES) {
    assertEquals(error.message.includes(model), true);
  }
});

Deno.test("TcpServer.serveForever() refuses a module that lacks the handler", async () => {
  const handler = { ...handlerOf("echo"), name: "missing" };
  const server = new TcpServer({ handler });
  await assertRejects(
    () => server.serveForever(),
    TypeError,
    'exports no function or class "missing"',
  );
});

Deno.test("TcpServer refuses hooks besides those of a module", () => {
  assertThrows(
    () => new TcpServer({ handler: handlerOf("echo"), verify: () => true }),
    TypeError,
    "are exports of it",
  );
});
