import { assertEquals } from "@std/assert";
import { printable } from "../../mux/printable.ts";

Deno.test("printable() leaves nothing that a terminal obeys", () => {
  assertEquals(printable("grüße 你好 👍"), "grüße 你好 👍");
  assertEquals(printable("a\tb\r\n"), "a\\tb\\r\\n");
  assertEquals(printable("\x1b[31m\x7f\x9b"), "\\u{1b}[31m\\u{7f}\\u{9b}");
  assertEquals(printable("\u202eab\u2028"), "\\u{202e}ab\\u{2028}");
});

Deno.test("printable() escapes every control character", () => {
  for (let code = 0; code < 0x100; code++) {
    const text = String.fromCharCode(code);
    const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0);
    assertEquals(printable(text) === text, !isControl, `code ${code}`);
  }
});
