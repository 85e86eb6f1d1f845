/**
 * Never gives way to what else its thread has to do; naps, so that it takes no
 * time from others.
 */
export function spin(): never {
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (;;) Atomics.wait(never, 0, 0, 5);
}
