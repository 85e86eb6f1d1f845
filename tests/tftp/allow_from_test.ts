import { assertEquals, assertThrows } from "@std/assert";
import { allowFrom } from "../../tftp/_allow_from.ts";

Deno.test("allowFrom() knows networks and addresses of both families", () => {
  const isAllowed = allowFrom([
    "10.1.0.0/16",
    "192.168.1.7",
    "::ffff:172.16.0.1",
    "2001:db8::/32",
    "fe80::1%eth0",
  ]);
  const hosts: [hostname: string, allowed: boolean][] = [
    ["10.1.255.255", true],
    ["10.2.0.0", false],
    ["::ffff:10.1.2.3", true],
    ["192.168.1.7", true],
    ["192.168.1.8", false],
    ["172.16.0.1", true],
    ["2001:db8:ffff::1", true],
    ["2001:db9::1", false],
    ["fe80::1%eth1", true],
    ["::1", false],
  ];
  for (const [hostname, allowed] of hosts) {
    assertEquals(isAllowed(hostname), allowed, hostname);
  }
});

Deno.test("allowFrom() takes all of a family by /0, and nobody by nothing", () => {
  const all4 = allowFrom(["0.0.0.0/0"]);
  assertEquals([all4("8.8.8.8"), all4("::1")], [true, false]);
  assertEquals(allowFrom(["::/0"])("2001:db8::1"), true);
  assertEquals(allowFrom([])("127.0.0.1"), false);
});

Deno.test("allowFrom() refuses what is neither", () => {
  const wrong = ["", "boot", "10.0.0.0/33", "::/129", "10.0.0.0/", "1/2/3"];
  for (const network of wrong) {
    assertThrows(() => allowFrom([network]), SyntaxError, `"${network}"`);
  }
});
