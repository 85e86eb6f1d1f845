import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { ServerStats, ShutdownOptions } from "../../mux/server.ts";
import { Fleet, type FleetOptions } from "../../tcp/_fleet.ts";
import type { Member } from "../../tcp/_model.ts";
import { ThreadReserve, type Worker } from "../../tcp/_thread_reserve.ts";
import { until } from "../sync/_until.ts";

const ADDR: Deno.NetAddr = {
  transport: "tcp",
  hostname: "127.0.0.1",
  port: 1,
};

/** A member that does as the test says. */
class FakeMember implements Member {
  readonly #ready = Promise.withResolvers<void>();
  readonly #gone = Promise.withResolvers<void>();
  readonly ready = this.#ready.promise;
  readonly gone = this.#gone.promise;
  readonly told: (number | undefined)[] = [];
  readonly left = Promise.withResolvers<number>();
  stats: ServerStats = stats(0, 0);
  closed = false;

  rise(): void {
    this.#ready.resolve();
  }

  fail(error: Error): void {
    this.#ready.reject(error);
    this.#gone.resolve();
  }

  die(reason?: Error): void {
    if (reason === undefined) this.#gone.resolve();
    else this.#gone.reject(reason);
  }

  shutdown({ graceMs }: ShutdownOptions): Promise<number> {
    this.told.push(graceMs);
    return this.left.promise;
  }

  close(): void {
    this.closed = true;
    this.#gone.resolve();
  }
}

function stats(handled: number, inFlight: number): ServerStats {
  const taken = handled + inFlight;
  return { taken, handled, failed: 0, refused: 0, inFlight };
}

/** A fleet, with all members that it has ever started, and what it said. */
function fleetOf(size: number, options: Partial<FleetOptions> = {}) {
  const members: FakeMember[] = [];
  const places: number[] = [];
  const said: string[] = [];
  const fleet = new Fleet({
    addr: ADDR,
    size,
    start: (place) => {
      const member = new FakeMember();
      members.push(member);
      places.push(place);
      return member;
    },
    onReady: () => void said.push("ready"),
    onListen: ({ transport }) => said.push(transport),
    close: () => void said.push("close"),
    ...options,
  });
  return { fleet, members, places, said };
}

/** Lets everything happen that waits for nothing. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

Deno.test("Fleet tells that it listens when all members are ready, once", async () => {
  const { fleet, members, said } = fleetOf(2);
  const served = fleet.serveForever();
  assertEquals(fleet.addr, ADDR);
  members[1]!.rise();
  await turn();
  assertEquals(said, []);
  members[0]!.rise();
  await turn();
  assertEquals(said, ["ready", "tcp"]);
  members[0]!.die();
  await turn();
  members[2]!.rise();
  await turn();
  fleet.close();
  await served;
  assertEquals(said, ["ready", "tcp", "close"]);
});

Deno.test("Fleet does not serve if a member cannot, or a hook throws", async () => {
  for (const hook of [undefined, "onReady", "onListen"] as const) {
    const no = () => {
      throw new RangeError("no");
    };
    const { fleet, members } = fleetOf(2, hook && { [hook]: no });
    const served = assertRejects(() => fleet.serveForever(), RangeError, "no");
    members[0]!.rise();
    if (hook === undefined) members[1]!.fail(new RangeError("no"));
    else members[1]!.rise();
    await turn();
    for (const member of members) member.left.resolve(0);
    await served;
    assertEquals(members.map(({ closed }) => closed), [true, true]);
  }
});

Deno.test("Fleet replaces who dies, in its place, and keeps its numbers", async () => {
  const { fleet, members, places } = fleetOf(2);
  const served = fleet.serveForever();
  for (const member of members) member.rise();
  await turn();
  members[0]!.stats = stats(5, 1);
  members[1]!.stats = stats(7, 2);
  assertEquals(fleet.stats, stats(12, 3));
  members[1]!.die(new Error("killed"));
  await turn();
  assertEquals(places, [0, 1, 1]);
  const { inFlight, failed, taken } = fleet.stats;
  assertEquals({ inFlight, failed, taken }, {
    inFlight: 1,
    failed: 2, // those that died with it
    taken: 15,
  });
  fleet.close();
  await served;
});

Deno.test("Fleet gives up on who dies five times in half a minute", async () => {
  let now = 0;
  const { fleet, members } = fleetOf(1, { now: () => now });
  const last = new Error("hunger");
  const served = assertRejects(() => fleet.serveForever(), Error);
  members[0]!.rise();
  for (let death = 0; death < 8; death++) {
    const member = members.at(-1)!;
    if (death === 5) member.fail(last); // one that does not even rise counts, too
    else member.die(last);
    member.left.resolve(0);
    now += death < 4 ? 10_000 : 7_000; // the first four are long ago by then
    await turn();
    members.at(-1)!.rise();
    await turn();
  }
  const error = await served;
  assertEquals(members.length, 8);
  assertEquals(
    error.message,
    "Cannot serve: member 0 died 5 times within 30 seconds",
  );
  assertEquals(error.cause, last);
});

Deno.test("Fleet.shutdown() is for all members, adds up whom they left, and may be hurried", async () => {
  const { fleet, members, said } = fleetOf(3);
  const served = fleet.serveForever();
  for (const member of members) member.rise();
  await turn();
  const down = fleet.shutdown({ graceMs: 500 });
  const hurried = fleet.shutdown({ graceMs: 1 });
  assertEquals(members.map(({ told }) => told), Array(3).fill([500, 1]));
  members[0]!.left.resolve(2);
  members[1]!.left.resolve(1);
  await turn();
  assertEquals(members[0]!.closed, false); // not before all are done
  members[2]!.left.reject(new Error("died on the way"));
  assertEquals(await down, 3);
  assertEquals(await hurried, 3);
  await served;
  assertEquals(members.every(({ closed }) => closed), true);
  assertEquals(members.length, 3);
  assertEquals(said.at(-1), "close");
});

Deno.test("Fleet.shutdown() ends a fleet that is still starting, or never does", async () => {
  const { fleet, members, said } = fleetOf(2);
  const served = fleet.serveForever();
  members[0]!.rise();
  await turn();
  const down = fleet.shutdown();
  members[0]!.left.resolve(0);
  members[1]!.left.resolve(0);
  members[1]!.fail(new Error("interrupted"));
  assertEquals(await down, 0);
  await served;
  assertEquals(said, ["close"]);

  const never = fleetOf(1).fleet;
  assertEquals(await never.shutdown(), 0);
  await assertRejects(
    () => never.serveForever(),
    TypeError,
    "Cannot serve: the server is closed already",
  );
});

Deno.test("Fleet.close() ends everybody at once, also during a shutdown", async () => {
  const { fleet, members, said } = fleetOf(2);
  const served = fleet.serveForever();
  for (const member of members) member.rise();
  await turn();
  const down = fleet.shutdown();
  fleet.close();
  fleet.close();
  for (const member of members) member.left.resolve(0); // a dead one has none left
  assertEquals(await down, 0);
  await served;
  assertEquals(said, ["ready", "tcp", "close"]);
});

Deno.test("Fleet refuses numbers that make no sense", async () => {
  for (const size of [0, -1, 1.5, NaN]) {
    assertThrows(() => fleetOf(size), RangeError);
  }
  const { fleet } = fleetOf(1);
  await assertRejects(() => fleet.shutdown({ graceMs: -1 }), RangeError);
  assertEquals(await fleet.shutdown(), 0);
});

/** A reserve of workers that are known by their numbers, and what they were told. */
function reserveOf(size: number, keepMs = 1_000_000) {
  const told: string[] = [];
  const start = () => {
    const id = told.push("");
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = (how: string) => {
      told[id - 1] = how;
      resolve();
    };
    return {
      id,
      gone: promise,
      stop: () => end("stopped"),
      kill: () => end("killed"),
      die: () => end("died"),
    };
  };
  const reserve = new ThreadReserve<Worker & ReturnType<typeof start>>({
    size,
    keepMs,
    start,
  });
  return { reserve, told };
}

Deno.test("ThreadReserve keeps some warm, and starts more when all are busy", async () => {
  const { reserve, told } = reserveOf(2);
  reserve.fill();
  reserve.fill();
  assertEquals(told.length, 2);
  const taken = [1, 2, 3].map(() => reserve.take());
  assertEquals(taken.map(({ id }) => id), [2, 1, 3]);
  reserve.giveBack(taken[1]!);
  assertEquals(reserve.take().id, 1, "who was idle last comes first");
  await reserve.close();
});

Deno.test("ThreadReserve lets those end that are too many for long", async () => {
  const { reserve, told } = reserveOf(1, 1);
  const taken = [1, 2, 3].map(() => reserve.take());
  for (const worker of taken) reserve.giveBack(worker);
  await until(() => reserve.size === 1);
  assertEquals(told, ["", "stopped", "stopped"]);
  await reserve.close();
});

Deno.test("ThreadReserve replaces those that died, idle or busy", async () => {
  const { reserve, told } = reserveOf(2);
  reserve.fill();
  const busy = reserve.take();
  busy.die();
  const idle = reserve.take();
  reserve.giveBack(idle);
  idle.die();
  await Promise.all([busy.gone, idle.gone]);
  reserve.giveBack(busy); // it is no more
  reserve.fill();
  assertEquals(told, ["died", "died", "", ""]);
  assertEquals([reserve.take().id, reserve.take().id], [4, 3]);
  await reserve.close();
});

Deno.test("ThreadReserve.close() lets the idle end, and ends the busy", async () => {
  const { reserve, told } = reserveOf(2);
  reserve.fill();
  const busy = reserve.take();
  await reserve.close();
  assertEquals(told, ["stopped", "killed"]);
  reserve.giveBack(busy);
  reserve.fill();
  assertEquals(told.length, 2);
});

Deno.test("ThreadReserve refuses sizes that make no sense", () => {
  for (const size of [0, 1.5, NaN]) {
    assertThrows(() => reserveOf(size), RangeError);
  }
});
