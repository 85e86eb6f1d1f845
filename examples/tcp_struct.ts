/**
 * Binary packing: values become octets and come back, in either order. The first
 * is a request of TFTP; the format says what Python's `struct` would say.
 *
 *     deno run examples/tcp_struct.ts
 */
import {
  calcsize,
  iterUnpack,
  pack,
  Struct,
  unpack,
} from "@lockstep/lockstep/tcp";

const text = new TextDecoder();

const request = pack("!H8sb5sb", 1, "test.jpg", 0, "octet", 0);
console.log(`${calcsize("!H8sb5sb")} octets: ${request.toHex()}`);
const [opcode, name, , mode] = unpack("!H8sb5sb", request);
console.log(
  `opcode ${opcode}, name ${text.decode(name as Uint8Array)}, ` +
    `mode ${text.decode(mode as Uint8Array)}`,
);

const numbers = [1, 258, 0xdeadbeef] as const;
console.log(`big endian:    ${pack(">HHI", ...numbers).toHex()}`);
console.log(`little endian: ${pack("<HHI", ...numbers).toHex()}`);
const [swapped] = unpack("<H", pack(">H", 258));
console.log(`258, read in the other order: ${swapped}`);

console.log(`with gaps ${calcsize("@bq")}, without ${calcsize("=bq")}`);
for (const order of [">", "<"]) {
  const [big] = unpack(`${order}Q`, pack(`${order}Q`, 2n ** 64n - 1n));
  console.log(`the largest of 8 octets: ${big}`);
}

const point = new Struct("<2h");
const points = new Uint8Array(2 * point.size);
point.packInto(points, 0, 3, 4);
point.packInto(points, point.size, -5, 12);
for (const [x, y] of iterUnpack("<2h", points)) console.log(`at ${x}, ${y}`);

try {
  pack("!HB", 1, 256);
} catch (error) {
  console.log(`${error}`);
}
