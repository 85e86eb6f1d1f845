import { sleep, sleepSync } from "../../sync/sleep.ts";

// How late a sleep of one millisecond ends, by its median; the machine is
// otherwise idle. Decides whether never being early costs another timer tick:
// `setTimeout()` is the baseline, and it may be early.
const group = "sleep 1 ms";

Deno.bench({ name: "setTimeout()", group, baseline: true }, async () => {
  await new Promise<void>((resolve) => setTimeout(resolve, 1));
});

Deno.bench({ name: "sleep()", group }, async () => {
  await sleep(1);
});

Deno.bench({ name: "sleepSync()", group }, () => {
  sleepSync(1);
});
