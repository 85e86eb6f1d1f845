import { assertEquals, assertFalse } from "@std/assert";
import { Progress, summary } from "../../cli/progress.ts";

/** A progress over a clock and an output of the test. */
function make(terminal: boolean) {
  const state = { now: 5_000, written: [] as string[] };
  const progress = new Progress({
    label: "boot.img",
    terminal,
    write: (text) => void state.written.push(text),
    now: () => state.now,
  });
  return { progress, state };
}

Deno.test("Progress shows nothing before its time", () => {
  for (const [terminal, wait] of [[true, 100], [false, 2_000]] as const) {
    const { progress, state } = make(terminal);
    progress.update(0, 100);
    state.now += wait - 1;
    progress.update(1, 100);
    assertEquals(state.written, [], String(terminal));
    state.now += 1;
    progress.update(1, 100);
    assertEquals(state.written.length, 1, String(terminal));
    progress.update(100, 100);
    assertEquals(state.written.length, 1, String(terminal));
  }
});

Deno.test("Progress writes plain lines where there is no terminal", () => {
  const { progress, state } = make(false);
  state.now += 2_000;
  progress.update(500_000, 2_000_000);
  assertEquals(state.written, [
    "boot.img  25%  500 kB / 2 MB  250 kB/s  0:06 left\n",
  ]);
  progress.clear();
  assertEquals(state.written.length, 1);
});

Deno.test("Progress draws a bar over the last one on a terminal", () => {
  const { progress, state } = make(true);
  state.now += 1_000;
  progress.update(1_000_000, 2_000_000);
  const first = "boot.img  [============>           ]  " +
    "50%  1 MB / 2 MB  1 MB/s  0:01 left";
  assertEquals(state.written, [`\r${first}`]);
  state.now += 1_000;
  progress.update(2_000_000, 2_000_000);
  const second = `boot.img  [${"=".repeat(24)}]  ` +
    "100%  2 MB / 2 MB  1 MB/s  0:00 left";
  assertEquals(state.written[1], `\r${second}`);
});

Deno.test("Progress covers a longer bar with spaces", () => {
  const { progress, state } = make(true);
  state.now += 1_000;
  progress.update(1_234_567, 9_876_543);
  const longer = state.written[0]!.length;
  state.now += 1_000;
  progress.update(2, undefined);
  assertEquals(state.written[1], "\rboot.img  2 B  1 B/s".padEnd(longer));
});

Deno.test("Progress.clear() takes the bar away, once", () => {
  const { progress, state } = make(true);
  progress.clear();
  assertEquals(state.written, []);
  state.now += 1_000;
  progress.update(2_000, undefined);
  assertEquals(state.written, ["\rboot.img  2 kB  2 kB/s"]);
  progress.clear();
  progress.clear();
  assertEquals(state.written.slice(1), [`\r${" ".repeat(22)}\r`]);
});

Deno.test("Progress cuts lines where the terminal ends, if that is known", () => {
  for (const [columns, expected] of [[4, "\rabc"], [0, "\rabcdef"]] as const) {
    const written: string[] = [];
    const progress = new Progress({
      label: "",
      terminal: true,
      columns: () => columns,
      write: (text) => void written.push(text),
    });
    progress.note("abcdef");
    assertEquals(written, [expected]);
  }
});

Deno.test("Progress leaves out what follows from an unknown or empty size", () => {
  for (const size of [undefined, 0]) {
    const { progress, state } = make(true);
    state.now += 1_000;
    progress.update(3_000, size);
    assertEquals(state.written, ["\rboot.img  3 kB  3 kB/s"], String(size));
  }
});

Deno.test("Progress does not know how long it takes before the first octet", () => {
  const { progress, state } = make(false);
  state.now += 2_000;
  progress.update(0, 1_000);
  assertEquals(state.written, ["boot.img  0%  0 B / 1 kB  0 B/s  ?:?? left\n"]);
});

Deno.test("Progress says minutes and seconds, rounded up", () => {
  const { progress, state } = make(false);
  state.now += 10_000;
  progress.update(1_000, 7_450);
  assertEquals(state.written, [
    "boot.img  13%  1 kB / 7.45 kB  100 B/s  1:05 left\n",
  ]);
});

Deno.test("Progress stays within 100% if more comes than was announced", () => {
  const { progress, state } = make(true);
  state.now += 1_000;
  progress.update(300, 100);
  const [line] = state.written;
  assertEquals(
    line,
    `\rboot.img  [${"=".repeat(24)}]  100%  300 B / 100 B  300 B/s  0:00 left`,
  );
});

Deno.test("summary() says octets, seconds and rate", () => {
  assertEquals(summary(33_554_432, 550), "33.6 MB in 0.55 s, 61 MB/s");
  assertEquals(summary(1_000, 9_994), "1 kB in 9.99 s, 100 B/s");
  assertEquals(summary(30_000, 10_000), "30 kB in 10 s, 3 kB/s");
  assertEquals(summary(0, 0), "0 B in 0.00 s, 0 B/s");
  assertFalse(summary(5, 0).includes("Infinity"));
});
