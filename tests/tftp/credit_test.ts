import { assert, assertEquals } from "@std/assert";
import { Credit } from "../../tftp/_credit.ts";

/** How many packets of so many octets an address gets at a time. */
function count(credit: Credit, host: string, bytes: number, now: number) {
  let packets = 0;
  while (credit.spend(host, bytes, now)) packets++;
  return packets;
}

Deno.test("Credit is used up by an address, and by no other", () => {
  const credit = new Credit();
  assertEquals(count(credit, "10.0.0.1", 512, 0), 32);
  assert(!credit.spend("10.0.0.1", 512, 0));
  assert(credit.spend("10.0.0.2", 512, 0));
});

Deno.test("Credit costs nothing for what is no longer than was received", () => {
  const credit = new Credit();
  count(credit, "10.0.0.1", 512, 0);
  assert(credit.spend("10.0.0.1", 0, 0));
  assert(credit.spend("10.0.0.1", -20, 0));
});

Deno.test("Credit comes back by and by, and no more than there was", () => {
  const credit = new Credit();
  count(credit, "10.0.0.1", 512, 0);
  assertEquals(count(credit, "10.0.0.1", 512, 1_000), 7); // 4 octets a ms
  assertEquals(count(credit, "10.0.0.1", 512, 1e9), 32);
});

Deno.test("Credit is whole again once the address has answered", () => {
  const credit = new Credit();
  count(credit, "::ffff:10.0.0.1", 512, 0);
  assert(!credit.spend("10.0.0.1", 512, 0));
  credit.restore("10.0.0.1");
  assertEquals(count(credit, "10.0.0.1", 512, 0), 32);
});

Deno.test("Credit is that of a /64 for IPv6", () => {
  const credit = new Credit();
  count(credit, "2001:db8::1", 512, 0);
  for (const host of ["2001:db8::2", "2001:db8:0:0:ffff::1"]) {
    assert(!credit.spend(host, 512, 0), host);
  }
  for (const host of ["2001:db8:0:1::1", "::1", "fe80::1"]) {
    assert(credit.spend(host, 512, 0), host);
  }
});

Deno.test("Credit forgets the oldest of very many addresses", () => {
  const credit = new Credit();
  count(credit, "10.0.0.1", 512, 0);
  for (let n = 0; n < 16_384; n++) {
    credit.spend(`11.0.${n >> 8}.${n & 255}`, 1, 0);
  }
  assert(credit.spend("10.0.0.1", 512, 0));
});
