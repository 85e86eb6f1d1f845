import { assert, assertEquals } from "@std/assert";
import { Spinner } from "../../sync/_spinner.ts";

/** How often a spinner looks before it gives up. */
function looksOf(spinner: Spinner): number {
  let looks = 0;
  assertEquals(spinner.until(() => ++looks < 0), false);
  return looks;
}

const ignore = navigator.hardwareConcurrency < 2; // there it never looks

Deno.test(
  { name: "Spinner.until() ends with the look that finds", ignore },
  () => {
    for (const nth of [1, 2, 100]) {
      let looks = 0;
      assert(new Spinner(false).until(() => ++looks === nth));
      assertEquals(looks, nth);
    }
  },
);

Deno.test({
  name: "Spinner.until() looks 100 times where more does not pay",
  ignore,
}, () => {
  const spinner = new Spinner(false);
  assertEquals([looksOf(spinner), looksOf(spinner)], [100, 100]);
});

Deno.test({
  name:
    "Spinner.until() looks for longer until that is in vain, and again once it is not",
  ignore,
}, () => {
  const spinner = new Spinner();
  assert(looksOf(spinner) > 100);
  for (let failures = 0; failures < 30; failures++) looksOf(spinner);
  assertEquals(looksOf(spinner), 100);
  assert(spinner.until(() => true));
  assert(looksOf(spinner) > 100);
});
