import { assertEquals } from "@std/assert";
import { deno } from "./_child.ts";

Deno.test("Thread that was joined or terminated is no leak in tests of users", async () => {
  const { code, stdout, stderr } = await deno([
    "test",
    "--no-check",
    "--allow-read",
    "tests/sync/_sanitized.ts",
  ]);
  const failed = stdout.match(/^.* \.\.\. FAILED .*$/gm) ?? [];
  assertEquals(failed, [], `${stdout}${stderr}`);
  assertEquals(code, 0, `${stdout}${stderr}`);
});
