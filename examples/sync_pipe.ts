/**
 * A pipe has two ends: what one sends, the other receives, both ways. Main gives
 * orders to a thread at the other end and gets answers; a message much larger
 * than the pipe passes in pieces; and each side sees when the other has gone.
 *
 *     deno run --allow-read examples/sync_pipe.ts
 */
import { Pipe, type PipeEnd, threads } from "@lockstep/lockstep/sync";

/** What main asks for. */
export type Order = { readonly sum: readonly number[] } | Uint8Array;

/** Answers orders until the end of the pipe; then says how many there were. */
export function clerk(end: PipeEnd<number, Order>): number {
  let orders = 0;
  for (let order; (order = end.receiveSync()) !== null; orders++) {
    const numbers: Iterable<number> = order instanceof Uint8Array
      ? order
      : order.sum;
    let sum = 0;
    for (const n of numbers) sum += n;
    end.sendSync(sum);
  }
  return orders;
}

/** Sends a few words, and returns: nobody closes the end. */
export function guest(end: PipeEnd<string>): void {
  end.sendManySync(["hello", "I must go", "bye"]);
}

if (import.meta.main) {
  const here = threads<typeof import("./sync_pipe.ts")>(import.meta.url);

  const [desk, counter] = Pipe<Order, number>();
  const thread = here.start("clerk", [counter]);
  desk.sendSync({ sum: [1, 2, 3] });
  console.log(`1 + 2 + 3 = ${desk.receiveSync()}`);

  const [first, second] = [desk.receive(), desk.receive()]; // in this order
  await desk.sendMany([{ sum: [10, 20] }, { sum: [0.5, 0.25] }]);
  console.log(`answers: ${await first}, ${await second}`);

  const large = new Uint8Array(16 * 1024 * 1024).fill(1);
  await desk.send(large);
  console.log(
    `${await desk
      .receive()} octets went through a pipe of ${desk.byteCapacity}`,
  );

  desk.close(); // the thread sees the end
  console.log(`the clerk did ${await thread.join()} orders`);

  const [ear, mouth] = Pipe<never, string>();
  const visit = here.start("guest", [mouth]);
  for await (const words of ear) console.log(`the guest: ${words}`);
  await visit.join();
  console.log(`the end: ${ear.receiveSync()}`);
  try {
    ear.sendSync("come back" as never);
  } catch (error) {
    console.log(`${error}`);
  }
}
