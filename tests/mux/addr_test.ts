import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertThrows,
} from "@std/assert";
import {
  formatAddr,
  isLoopback,
  localHostname,
  normalizeHostname,
  parseAddr,
  resolveHost,
  sameAddr,
} from "../../mux/addr.ts";

Deno.test("formatAddr() puts only IPv6 in brackets", () => {
  assertEquals(formatAddr({ hostname: "10.0.0.1", port: 69 }), "10.0.0.1:69");
  assertEquals(
    formatAddr({ hostname: "boot.example", port: 0 }),
    "boot.example:0",
  );
  assertEquals(
    formatAddr({ hostname: "fe80::1%eth0", port: 65535 }),
    "[fe80::1%eth0]:65535",
  );
});

Deno.test("formatAddr() shows IPv4-mapped addresses as IPv4", () => {
  assertEquals(
    formatAddr({ hostname: "::ffff:10.0.0.1", port: 69 }),
    "10.0.0.1:69",
  );
});

Deno.test("parseAddr() reads what formatAddr() writes", () => {
  for (
    const hostname of ["10.0.0.1", "boot.example", "::1", "fe80::1%eth0", "::"]
  ) {
    for (const port of [0, 1, 69, 65535]) {
      assertEquals(parseAddr(formatAddr({ hostname, port })), {
        hostname,
        port,
      });
    }
  }
});

Deno.test("parseAddr() takes the default port only where the text has none", () => {
  assertEquals(parseAddr("boot", 69), { hostname: "boot", port: 69 });
  assertEquals(parseAddr("boot:70", 69), { hostname: "boot", port: 70 });
  assertEquals(parseAddr("[::1]", 69), { hostname: "::1", port: 69 });
  assertEquals(parseAddr("[::1]:70", 69), { hostname: "::1", port: 70 });
});

Deno.test("parseAddr() refuses IPv6 without brackets, and says how to write it", () => {
  for (const text of ["::1", "fe80::1:2", "::"]) {
    assertThrows(() => parseAddr(text, 69), SyntaxError, `[${text}]`);
  }
});

Deno.test("parseAddr() refuses a text without a host", () => {
  for (const text of ["", ":69", "[]:69", "[]"]) {
    assertThrows(() => parseAddr(text, 69), SyntaxError, undefined, text);
  }
});

Deno.test("parseAddr() refuses a text without a port if there is no default", () => {
  for (const text of ["boot", "10.0.0.1", "[::1]"]) {
    assertThrows(() => parseAddr(text), SyntaxError, undefined, text);
  }
});

Deno.test("parseAddr() refuses a port that is not a number from 0 to 65535", () => {
  for (
    const port of [
      "65536",
      "-1",
      "+1",
      "1.5",
      "1e3",
      "0x45",
      "a",
      " 69",
      "69 ",
      "",
      "٣",
    ]
  ) {
    for (const host of ["boot", "[::1]"]) {
      assertThrows(
        () => parseAddr(`${host}:${port}`, 69),
        SyntaxError,
        undefined,
        port,
      );
    }
  }
});

Deno.test("parseAddr() refuses brackets that do not match", () => {
  for (
    const text of [
      "[::1",
      "[::1:69",
      "::1]:69",
      "[::1]69",
      "[::1]x:69",
      "x[::1]:69",
    ]
  ) {
    assertThrows(() => parseAddr(text, 69), SyntaxError, undefined, text);
  }
});

Deno.test("normalizeHostname() undoes the IPv4-mapped form", () => {
  assertEquals(normalizeHostname("::ffff:127.0.0.1"), "127.0.0.1");
  assertEquals(normalizeHostname("::FFFF:192.168.255.10"), "192.168.255.10");
});

Deno.test("normalizeHostname() leaves everything else alone", () => {
  for (
    const hostname of [
      "127.0.0.1",
      "::1",
      "::",
      "::ffff:0:127.0.0.1",
      "1::ffff:7f00:1",
      "::fffe:7f00:1",
      "ffff.example",
      "",
    ]
  ) {
    assertEquals(normalizeHostname(hostname), hostname);
  }
});

Deno.test("sameAddr() compares port and normalised host", () => {
  const addr = { hostname: "10.0.0.1", port: 69 };
  assert(sameAddr(addr, { ...addr }));
  assert(sameAddr({ hostname: "::ffff:10.0.0.1", port: 69 }, addr));
  assert(sameAddr(addr, { hostname: "::ffff:10.0.0.1", port: 69 }));
  assertFalse(sameAddr(addr, { hostname: "10.0.0.1", port: 70 }));
  assertFalse(sameAddr(addr, { hostname: "10.0.0.2", port: 69 }));
});

Deno.test("resolveHost() answers an address as it is", async () => {
  for (
    const hostname of [
      "10.0.0.1",
      "0.0.0.0",
      "255.255.255.255",
      "::1",
      "::",
      "fe80::1",
    ]
  ) {
    assertEquals(await resolveHost(hostname), hostname);
  }
});

Deno.test("resolveHost() knows the hosts file", async () => {
  assertEquals(await resolveHost("localhost", { family: 4 }), "127.0.0.1");
});

Deno.test("resolveHost() takes a limit that no timer can hold for none", async () => {
  for (const timeoutMs of [2 ** 31, 3e9, Infinity]) {
    const options = { family: 4 as const, timeoutMs };
    assertEquals(await resolveHost("localhost", options), "127.0.0.1");
    await assertRejects( // which takes longer than a timer that fires at once
      () => resolveHost("no-such-host.invalid", options),
      Error,
      'Cannot find the IPv4 address of "no-such-host.invalid"',
    );
  }
});

Deno.test("resolveHost() leaves no timer behind", async () => {
  const options = { family: 4 as const, timeoutMs: 60_000 };
  assertEquals(await resolveHost("localhost", options), "127.0.0.1");
}); // or the sanitizer reports it

Deno.test("resolveHost() refuses bad waits before it looks anything up", async () => {
  for (const hostname of ["localhost", "127.0.0.1"]) {
    const gone = resolveHost(hostname, { signal: AbortSignal.abort("gone") });
    assertEquals(await gone.catch((reason) => reason), "gone");
    await assertRejects(
      () => resolveHost(hostname, { timeoutMs: -1 }),
      RangeError,
    );
  }
});

Deno.test("resolveHost() says which host has no address", async () => {
  const error = await assertRejects(
    () => resolveHost("no-such-host.invalid"),
    Error,
    'Cannot find the address of "no-such-host.invalid"',
  );
  assert(error.cause instanceof Error);
});

Deno.test("resolveHost() refuses an address of the family that was not asked for", async () => {
  await assertRejects(() => resolveHost("::1", { family: 4 }), Error, "::1");
  await assertRejects(
    () => resolveHost("10.0.0.1", { family: 6 }),
    Error,
    "10.0.0.1",
  );
});

Deno.test("isLoopback() and localHostname() go by the address", () => {
  for (const loopback of ["127.0.0.1", "127.9.9.9", "::1"]) {
    assert(isLoopback(loopback), loopback);
  }
  for (const wide of ["0.0.0.0", "10.127.0.1", "128.0.0.1", "::", "fe80::1"]) {
    assert(!isLoopback(wide), wide);
  }
  assertEquals(localHostname("127.0.0.9"), "127.0.0.1");
  assertEquals(localHostname("10.0.0.1"), "0.0.0.0");
  assertEquals(localHostname("::1"), "::1");
  assertEquals(localHostname("2001:db8::1"), "::");
  assertEquals(localHostname("239.255.76.83"), "0.0.0.0");
});
