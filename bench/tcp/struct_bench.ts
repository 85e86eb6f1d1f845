/*
 * What a format costs, next to a DataView written by hand for it, which checks
 * nothing, and to https://www.npmjs.com/package/python-struct. Goals: a Struct
 * within 1.5 times of the baseline, and ahead of the package. The functions look
 * up their format each time; that decides whether a hot loop needs a Struct.
 *
 * All give an array, with views of the octets; the package decodes them as text.
 * It is downloaded; its lines are missing if it cannot be.
 */
import { Buffer } from "node:buffer";
import { pack, Struct, unpack } from "../../tcp/struct.ts";

/** What is used of the package. */
interface PythonStruct {
  pack(format: string, values: readonly unknown[]): Uint8Array;
  unpack(format: string, octets: Buffer): unknown[];
}

const VERSION = "1.1.3";
const peer = await load();

const request = new Struct("!H8sb5sb");
const name = new TextEncoder().encode("test.jpg");
const mode = new TextEncoder().encode("octet");
const requestOctets = request.pack(1, name, 0, mode, 0);
const requestBuffer = Buffer.from(requestOctets);

const header = new Struct("<IHHB");
const headerOctets = header.pack(0xdeadbeef, 1, 2, 3);
const headerBuffer = Buffer.from(headerOctets);
const buffer = new Uint8Array(32);

/** Keeps the results alive: V8 drops code without effect. */
let _kept: unknown;

// All letters first: a Struct that has met two formats only is too fast.
for (const format of ["<bBhHiIlLqQefd?", "!3h2d2Q3?", "@x3c4p5s0s2pnNPb0q"]) {
  const struct = new Struct(format);
  const octets = new Uint8Array(struct.size);
  for (let i = 0; i < 20_000; i++) {
    _kept = struct.pack(...struct.unpack(octets));
  }
}

compare("pack !H8sb5sb", {
  "DataView by hand": () => {
    const octets = new Uint8Array(17);
    const view = new DataView(octets.buffer);
    view.setUint16(0, 1);
    octets.set(name, 2);
    view.setInt8(10, 0);
    octets.set(mode, 11);
    view.setInt8(16, 0);
    return octets;
  },
  "Struct.pack()": () => request.pack(1, name, 0, mode, 0),
  "Struct.pack() of text": () => request.pack(1, "test.jpg", 0, "octet", 0),
  "pack()": () => pack("!H8sb5sb", 1, name, 0, mode, 0),
}, ({ pack }) => pack("!H8sb5sb", [1, "test.jpg", 0, "octet", 0]));

compare("unpack !H8sb5sb", {
  "DataView by hand": () => {
    const octets = requestOctets;
    const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    return [
      view.getUint16(0),
      octets.subarray(2, 10),
      view.getInt8(10),
      octets.subarray(11, 16),
      view.getInt8(16),
    ];
  },
  "Struct.unpack()": () => request.unpack(requestOctets),
  "unpack()": () => unpack("!H8sb5sb", requestOctets),
}, ({ unpack }) => unpack("!H8sb5sb", requestBuffer));

compare("pack <IHHB", {
  "DataView by hand": () => {
    const octets = new Uint8Array(9);
    const view = new DataView(octets.buffer);
    view.setUint32(0, 0xdeadbeef, true);
    view.setUint16(4, 1, true);
    view.setUint16(6, 2, true);
    view.setUint8(8, 3);
    return octets;
  },
  "Struct.pack()": () => header.pack(0xdeadbeef, 1, 2, 3),
  "pack()": () => pack("<IHHB", 0xdeadbeef, 1, 2, 3),
}, ({ pack }) => pack("<IHHB", [0xdeadbeef, 1, 2, 3]));

compare("unpack <IHHB", {
  "DataView by hand": () => {
    const octets = headerOctets;
    const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    return [
      view.getUint32(0, true),
      view.getUint16(4, true),
      view.getUint16(6, true),
      view.getUint8(8),
    ];
  },
  "Struct.unpack()": () => header.unpack(headerOctets),
  "unpack()": () => unpack("<IHHB", headerOctets),
}, ({ unpack }) => unpack("<IHHB", headerBuffer));

compare("pack <IHHB into a buffer", {
  "DataView by hand": () => {
    const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    view.setUint32(8, 0xdeadbeef, true);
    view.setUint16(12, 1, true);
    view.setUint16(14, 2, true);
    view.setUint8(16, 3);
    return view;
  },
  "Struct.packInto()": () => header.packInto(buffer, 8, 0xdeadbeef, 1, 2, 3),
});

/** One group; the first contender is its baseline. */
function compare(
  group: string,
  contenders: Readonly<Record<string, () => unknown>>,
  ofPeer?: (peer: PythonStruct) => unknown,
): void {
  for (const [i, [name, run]] of Object.entries(contenders).entries()) {
    Deno.bench({ name, group, baseline: i === 0 }, () => {
      _kept = run();
    });
  }
  if (peer === undefined || ofPeer === undefined) return;
  Deno.bench({ name: "npm:python-struct", group }, () => {
    _kept = ofPeer(peer);
  });
}

/** The package; `undefined` without a network. */
async function load(): Promise<PythonStruct | undefined> {
  try {
    return (await import(`npm:python-struct@${VERSION}`)).default;
  } catch (error) {
    console.error(`Skips npm:python-struct: ${(error as Error).message}`);
  }
}
