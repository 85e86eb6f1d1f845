import { assert, assertEquals } from "@std/assert";
import { Interests } from "../../mux/_interests.ts";
import { POLLHUP, POLLIN, POLLNVAL, POLLOUT } from "../../mux/event_bits.ts";
import { Fake, LIMIT } from "./_fake.ts";

const NOW = { timeoutMs: 0 };
const EDGE = { edge: true, oneShot: false };
const BOTH = POLLIN | POLLOUT;

function make(count: number, events = 0): Fake[] {
  return Array.from({ length: count }, () => new Fake(events));
}

Deno.test("Interests.wait() arms what is not ready, and nothing before", async () => {
  using interests = new Interests<Fake, undefined>();
  const [idle, ready] = [new Fake(), new Fake(POLLIN)];
  interests.set(idle, POLLIN, undefined);
  interests.set(ready, POLLIN, undefined);
  assertEquals([idle.arms, ready.arms], [[], []]);
  const waiting = interests.wait();
  assertEquals([idle.arms, ready.arms], [[POLLIN], []]);
  await waiting;
});

Deno.test("Interests.wait() arms a source for what is missing, though something is ready", async () => {
  for (const mode of [undefined, EDGE]) {
    using interests = new Interests<Fake, undefined>();
    const source = new Fake(POLLOUT);
    interests.set(source, BOTH, undefined, mode);
    const [[, events] = []] = await interests.wait();
    assertEquals(events, POLLOUT);
    assert(source.arms.length > 0);
  }
});

Deno.test("Interests.wait() arms a source again when somebody else took what came", async () => {
  using interests = new Interests<Fake, undefined>();
  const source = new Fake();
  interests.set(source, POLLIN, undefined);
  const waiting = interests.wait(LIMIT);
  await interests.wait({ timeoutMs: 1 });
  assertEquals(source.arms.length, 1);
  source.goes(); // told, with nothing there
  await interests.wait({ timeoutMs: 1 });
  assertEquals(source.arms.length, 2);
  source.comes();
  assertEquals((await waiting).length, 1);
});

Deno.test("Interests.wait() hands back the interest, and events that were asked for", async () => {
  using interests = new Interests<Fake, string>();
  const source = new Fake(BOTH);
  interests.set(source, POLLIN, "data");
  const [[interest, events] = []] = await interests.wait();
  assertEquals(interest?.source, source);
  assertEquals([interest?.data, interest?.events, events], [
    "data",
    POLLIN,
    POLLIN,
  ]);
});

Deno.test("Interests.set() replaces, and delete() forgets, whoever is told", async () => {
  using interests = new Interests<Fake, number>();
  const source = new Fake();
  interests.set(source, POLLIN, 1);
  interests.set(source, POLLIN, 2);
  assertEquals([interests.size, source.watchers.size], [1, 1]);
  source.comes();
  assertEquals((await interests.wait()).map(([{ data }]) => data), [2]);
  assertEquals(interests.delete(source)?.data, 2);
  assertEquals(interests.delete(source), undefined);
  assertEquals([interests.size, source.watchers.size], [0, 0]);
  assertEquals(await interests.wait(NOW), []);
});

for (
  const [closedOnes, reported, size] of [
    ["report", POLLNVAL, 1],
    ["forget", undefined, 0],
    ["ignore", undefined, 1],
  ] as const
) {
  Deno.test(`Interests can ${closedOnes} a source that is closed`, async () => {
    using interests = new Interests<Fake, undefined>(closedOnes);
    const source = new Fake();
    interests.set(source, POLLIN, undefined);
    assertEquals(await interests.wait(NOW), []);
    source.comes(POLLNVAL);
    const [[, events] = []] = await interests.wait(NOW);
    assertEquals([events, interests.size], [reported, size]);
    const looks = source.looks;
    await interests.wait(NOW);
    assertEquals(source.looks > looks, closedOnes === "report");
  });
}

Deno.test("Interests tells by edge what is new, and what went and came again", async () => {
  using interests = new Interests<Fake, undefined>();
  const source = new Fake();
  interests.set(source, POLLIN, undefined, EDGE);
  const events = async () =>
    (await interests.wait(NOW)).map(([, bits]) => bits);
  assertEquals(await events(), []);
  source.comes();
  assertEquals(await events(), [POLLIN]);
  assertEquals(await events(), []);
  source.comes(); // more of it
  assertEquals(await events(), [POLLIN]);
  source.goes();
  source.comes();
  assertEquals(await events(), [POLLIN]);
  source.comes(POLLOUT); // nobody asked
  assertEquals(await events(), []);
  source.comes(POLLHUP);
  assertEquals(await events(), [POLLIN | POLLHUP]);
  assertEquals(await events(), []);
});

Deno.test("Interests looks at none that it has told by edge, until something changes", async () => {
  using interests = new Interests<Fake, undefined>();
  const sources = make(1000, POLLIN);
  for (const it of sources) interests.set(it, POLLIN, undefined, EDGE);
  assertEquals((await interests.wait()).length, 1000);
  const looks = () => sources.reduce((sum, it) => sum + it.looks, 0);
  const before = looks();
  sources[7]!.comes();
  assertEquals((await interests.wait(LIMIT)).length, 1);
  assert(looks() - before < 5, `${looks() - before} looks`);
});

Deno.test("Interests.wait() ends for all who wait, each at its own time", async () => {
  using interests = new Interests<Fake, undefined>();
  const source = new Fake();
  interests.set(source, POLLIN, undefined);
  const controller = new AbortController();
  const { signal } = controller;
  const patient = interests.wait(LIMIT);
  const aborted = interests.wait({ signal }).catch((reason) => reason);
  const start = performance.now();
  const late = [30, 5].map(async (timeoutMs) => {
    assertEquals(await interests.wait({ timeoutMs }), []);
    assert(performance.now() - start >= timeoutMs - 0.5, "early");
  });
  controller.abort("enough");
  assertEquals(await aborted, "enough");
  await Promise.all(late);
  source.comes();
  assertEquals((await patient).length, 1);
});
