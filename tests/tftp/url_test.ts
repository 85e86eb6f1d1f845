import { assertEquals, assertThrows } from "@std/assert";
import { parseLocation, TFTP_PORT } from "../../tftp/url.ts";

/** Texts, and host, port, name and mode in them. */
type Row = [string, string, number, string, string?];

function check(rows: Row[]): void {
  for (const [text, hostname, port, path, mode] of rows) {
    assertEquals(parseLocation(text), { hostname, port, path, mode }, text);
  }
}

Deno.test("parseLocation() reads HOST:FILE, the port is 69", () => {
  assertEquals(TFTP_PORT, 69);
  check([
    ["10.0.0.1:boot/vmlinuz", "10.0.0.1", 69, "boot/vmlinuz"],
    ["boot.example:/a", "boot.example", 69, "/a"],
    ["[fe80::1]:a", "fe80::1", 69, "a"],
  ]);
});

Deno.test("parseLocation() reads HOST:PORT:FILE", () => {
  check([
    ["10.0.0.1:6969:a", "10.0.0.1", 6969, "a"],
    ["[::1]:6969:a", "::1", 6969, "a"],
    ["host:0:a", "host", 0, "a"],
    ["host:65535:a", "host", 65535, "a"],
  ]);
});

Deno.test("parseLocation() takes the name of HOST:FILE as it is", () => {
  check([
    ["host:C:\\boot", "host", 69, "C:\\boot"],
    ["host:12", "host", 69, "12"],
    ["host:12a:b", "host", 69, "12a:b"],
    ["host:1:2:3", "host", 1, "2:3"],
    ["host:a%20b;mode=octet", "host", 69, "a%20b;mode=octet"],
    ["host:two\nlines", "host", 69, "two\nlines"],
  ]);
});

Deno.test("parseLocation() reads a URL, whose first slash is no part of the name", () => {
  check([
    ["tftp://host/a/b", "host", 69, "a/b"],
    ["tftp://host//etc/a", "host", 69, "/etc/a"],
    ["tftp://host:6969/a", "host", 6969, "a"],
    ["TFTP://[::1]:6969/a", "::1", 6969, "a"],
  ]);
});

Deno.test("parseLocation() undoes the escapes of a URL", () => {
  check([
    ["tftp://host/a%20b", "host", 69, "a b"],
    ["tftp://host/%E4%B8%AD", "host", 69, "中"],
    ["tftp://host/a%3Bmode=octet", "host", 69, "a;mode=octet"],
    ["tftp://host/a?b#c", "host", 69, "a?b#c"],
  ]);
});

Deno.test("parseLocation() reads the mode of a URL", () => {
  check([
    ["tftp://host/a;mode=netascii", "host", 69, "a", "netascii"],
    ["tftp://host/a;MODE=Octet", "host", 69, "a", "octet"],
    ["tftp://host/a;b", "host", 69, "a;b"],
    ["tftp://host/a;x=1;mode=octet", "host", 69, "a;x=1", "octet"],
  ]);
});

Deno.test("parseLocation() refuses what is no location", () => {
  const bad = ["", "host", "host:", ":a", "host/a", "a b/c:d", "[::1]", "[]:a"];
  for (const text of bad) {
    assertThrows(
      () => parseLocation(text),
      SyntaxError,
      `Cannot read "${text}" as HOST[:PORT]:FILE`,
    );
  }
});

Deno.test("parseLocation() refuses a URL without a name or a host", () => {
  for (const text of ["tftp://host", "tftp://host/", "tftp://"]) {
    assertThrows(
      () => parseLocation(text),
      SyntaxError,
      `Cannot read "${text}" as tftp://HOST[:PORT]/FILE[;mode=MODE]`,
    );
  }
  assertThrows(() => parseLocation("tftp:///a"), SyntaxError, "HOST:PORT");
});

Deno.test("parseLocation() refuses a port, mode or escape without a sense", () => {
  const bad = [
    ["host:65536:a", "port 65536 is above 65535"],
    ["tftp://host:65536/a", "port 65536 is above 65535"],
    ["tftp://host:x/a", 'Cannot read "host:x"'],
    ["tftp://::1/a", 'Cannot read "::1" as HOST:PORT (write [::1]:PORT)'],
    ["tftp://host/a;mode=mail", 'Cannot use mode "mail": octet or netascii'],
    ["tftp://host/a;mode=", 'Cannot use mode "": octet or netascii'],
    ["tftp://host/100%", 'Cannot undo the escapes of "100%"'],
    ["tftp://host/%ff", 'Cannot undo the escapes of "%ff"'],
  ] as const;
  for (const [text, message] of bad) {
    assertThrows(() => parseLocation(text), SyntaxError, message, text);
  }
});
