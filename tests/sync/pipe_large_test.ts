import { assert, assertEquals } from "@std/assert";
import { Pipe, PipeEnd } from "../../sync/pipe.ts";
import { threads } from "../../sync/threads.ts";
import { waitFor } from "../../sync/wait_options.ts";
import { LIMIT } from "./_doors.ts";
import { message, serialOf } from "./_pipe_bodies.ts";
import { how, howSync, turns } from "./_queue_ways.ts";
import { until } from "./_until.ts";

const bodies = threads<typeof import("./_pipe_bodies.ts")>(
  import.meta.resolve("./_pipe_bodies.ts"),
);

/** Much larger than the pipes here. */
const LARGE = message(200, 5000);

function pipe(): [PipeEnd<Uint8Array>, PipeEnd<Uint8Array>] {
  return Pipe<Uint8Array>({ byteCapacity: 256 });
}

/** Begins to send; some pieces are on their way when it returns. */
function begin(
  end: PipeEnd<Uint8Array>,
  signal?: AbortSignal,
): Promise<unknown> {
  const sent = how(() => end.send(LARGE, { signal }));
  assertEquals(end.waitingToSend, 1);
  return sent;
}

for (const seen of [false, true]) {
  const when = seen ? "after some pieces were received" : "before";

  Deno.test(`PipeEnd.send() aborted in the middle, ${when}, sent nothing`, async () => {
    const [a, b] = pipe();
    const controller = new AbortController();
    const sent = begin(a, controller.signal);
    if (seen) {
      assertEquals(b.tryReceive(), undefined);
      await turns();
    }
    controller.abort("gone");
    assertEquals(await waitFor(sent, LIMIT), "gone");
    const next = a.send(message(5, 20), LIMIT);
    assertEquals(serialOf((await b.receive(LIMIT))!), 5);
    await next;
    const large = a.send(message(6, 3000), LIMIT);
    assertEquals(serialOf((await b.receive(LIMIT))!), 6);
    await large;
    assertEquals([b.tryReceive(), a.waitingToSend], [undefined, 0]);
  });

  Deno.test(`PipeEnd.sendSync() timed out in the middle, ${when}, sent nothing`, () => {
    const [a, b] = pipe();
    assertEquals(
      howSync(() => a.sendSync(LARGE, { timeoutMs: 2 })),
      "TimeoutError",
    );
    if (seen) assertEquals(b.tryReceive(), undefined);
    assertEquals(
      howSync(() => a.sendSync(LARGE, { timeoutMs: 2 })),
      "TimeoutError",
    );
    assertEquals(b.tryReceive(), undefined);
    a.sendSync(message(5, 20), LIMIT);
    assertEquals(serialOf(b.receiveSync(LIMIT)!), 5);
    assertEquals(b.tryReceive(), undefined);
  });

  Deno.test(`PipeEnd.close() in the middle of a message, ${when}, ends the pipe without it`, async () => {
    const [a, b] = pipe();
    a.sendSync(message(1, 10));
    const sent = begin(a);
    if (seen) {
      assertEquals(serialOf(b.receiveSync()!), 1);
      assertEquals(b.tryReceive(), undefined);
    }
    a.close();
    assertEquals(await waitFor(sent, LIMIT), "Interrupted");
    if (!seen) assertEquals(serialOf(b.receiveSync()!), 1);
    assertEquals([b.tryReceive(), b.receiveSync(LIMIT)], [null, null]);
  });
}

Deno.test("PipeEnd.receive() aborted in the middle keeps what has arrived", async () => {
  const [a, b] = pipe();
  const sent = a.send(LARGE, LIMIT);
  for (let round = 0; round < 3; round++) {
    const controller = new AbortController();
    const received = how(() => b.receive({ signal: controller.signal }));
    controller.abort("gone");
    assertEquals(await received, "gone");
    assertEquals(
      howSync(() => b.receiveSync({ timeoutMs: 0 })),
      "TimeoutError",
    );
    assertEquals(await how(() => b.receive({ timeoutMs: 0 })), "TimeoutError");
    assertEquals(a.waitingToSend, 1);
    await turns();
  }
  assertEquals(await b.receive(LIMIT), LARGE);
  await sent;
});

Deno.test("PipeEnd.tryReceive() brings a large message along, piece by piece", async () => {
  const [a, b] = pipe();
  const sent = a.send(LARGE, LIMIT);
  let rounds = 0;
  let value: Uint8Array | null | undefined;
  await until(() => {
    if (rounds % 2 === 0) value = b.tryReceive();
    else value = b.tryReceiveMany(5)?.[0];
    rounds++;
    return value !== undefined;
  });
  assertEquals(value, LARGE);
  assert(rounds > 5000 / 256, `${rounds}`);
  await sent;
});

Deno.test("PipeEnd.receive() of others in the middle of a message drops it", async () => {
  const [a, b] = pipe();
  // 20 pieces each: the ring holds four.
  const sent = [1, 2].map((serial) => a.send(message(serial, 954)));
  assertEquals(b.tryReceive(), undefined); // has the beginning of the first
  const other = PipeEnd.attach<Uint8Array>(b.share());
  for (let look = 0; look < 5; look++) { // its rest, and as much of the second
    await turns();
    assertEquals(other.tryReceive(), undefined);
  }
  await turns();
  const next = a.send(message(7, 3000), LIMIT);
  assertEquals(serialOf((await b.receive(LIMIT))!), 7);
  await Promise.all([...sent, next]);
  assertEquals(b.tryReceive(), undefined);
});

Deno.test("PipeEnd.receive() sees no part of a message whose thread died", async () => {
  for (const seen of [false, true]) {
    const [here, there] = pipe();
    const thread = bodies.start("send", [there as never, LARGE]);
    const isStuck = () =>
      thread.state === "blocked" && there.waitingToSend === 1;
    await until(isStuck);
    if (seen) {
      assertEquals(here.tryReceive(), undefined); // the beginning
      await until(isStuck);
    }
    await thread.terminate(LIMIT);
    assertEquals(await here.receive(LIMIT), null);
    assertEquals(here.tryReceive(), null);
  }
});
