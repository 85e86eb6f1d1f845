import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import {
  TftpError,
  type TftpErrorCode,
  tftpErrorCode,
} from "../../tftp/error.ts";

/** By number: RFC 1350 section 5, and 8 of RFC 2347. */
const WIRE_CODES: readonly TftpErrorCode[] = [
  "undefined",
  "not-found",
  "access-violation",
  "disk-full",
  "illegal-operation",
  "unknown-transfer-id",
  "file-exists",
  "no-such-user",
  "option-refused",
];

Deno.test("TftpError carries code, message, cause and where it came from", () => {
  const cause = new Error("origin");
  const error = new TftpError("disk-full", "Cannot write: disk full", {
    cause,
    remote: true,
  });
  assert(error instanceof Error);
  assertEquals(error.name, "TftpError");
  assertEquals(error.code, "disk-full");
  assertEquals(error.message, "Cannot write: disk full");
  assertEquals(String(error), "TftpError: Cannot write: disk full");
  assertStrictEquals(error.cause, cause);
  assertEquals(error.remote, true);
});

Deno.test("TftpError is ours and has no cause unless told", () => {
  const error = new TftpError("no-answer", "Cannot read: no answer");
  assertEquals(error.remote, false);
  assertEquals("cause" in error, false);
});

Deno.test("TftpError.wireCode is the number of an error packet", () => {
  for (const [wireCode, code] of WIRE_CODES.entries()) {
    assertEquals(new TftpError(code, "x").wireCode, wireCode, code);
  }
});

Deno.test("TftpError.wireCode is 0 for what no packet can say", () => {
  const local = ["no-answer", "unconfirmed", "size-mismatch"] as const;
  for (const code of local) {
    assertEquals(new TftpError(code, "x").wireCode, 0, code);
  }
});

Deno.test("tftpErrorCode() names the numbers 0 to 8, and no others", () => {
  for (const [wireCode, code] of WIRE_CODES.entries()) {
    assertEquals(tftpErrorCode(wireCode), code);
  }
  for (const wireCode of [9, 255, 65_535]) {
    assertEquals(tftpErrorCode(wireCode), "undefined", String(wireCode));
  }
});
