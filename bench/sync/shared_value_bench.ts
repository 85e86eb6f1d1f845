import { SharedValue } from "../../sync/shared_value.ts";

// What the names cost over the bare operation: whether a hot loop may use them.
const words = new Int32Array(new SharedArrayBuffer(4));
const whole = new SharedValue("i32", 0);
const big = new SharedValue("i64", 0n);
const float = new SharedValue("f64", 0);
const group = "add to a shared number";

Deno.bench({ name: "Atomics.add()", group, baseline: true }, () => {
  Atomics.add(words, 0, 1);
});

Deno.bench({ name: 'SharedValue("i32").add()', group }, () => {
  whole.add(1);
});

Deno.bench({ name: 'SharedValue("i64").add()', group }, () => {
  big.add(1n);
});

Deno.bench({ name: 'SharedValue("f64").add()', group }, () => {
  float.add(1);
});
