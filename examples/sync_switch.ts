/**
 * A reader and a printer switch to each other: neither knows when it will go on,
 * only to whom it gives the next line. When the reader ends, the code that has
 * switched to it first goes on; the printer may go on later.
 *
 *     deno run --allow-read examples/sync_switch.ts
 */
import { Coroutine } from "@lockstep/lockstep/sync";

const TEXT = ["roses are red", "violets are blue"];

const reader: Coroutine<number> = new Coroutine(async () => {
  let width = 0;
  for (const line of TEXT) {
    console.log(`reader: has "${line}"`);
    width += await printer.switchTo(line) as number;
  }
  return width;
});

const printer: Coroutine<string> = new Coroutine(async (line: string) => {
  for (;;) {
    console.log(`printer: ${line.toUpperCase()}`);
    line = await reader.switchTo(line.length) as string;
  }
});

/** What both are doing. */
function states(): string {
  return `reader ${reader.state}, printer ${printer.state}`;
}

if (import.meta.main) {
  console.log(states());
  const width = await reader.switchTo(); // both run until one ends
  console.log(`${width} letters; ${states()}`);
  await reader.switchTo().catch((error) => console.log(String(error)));
}
