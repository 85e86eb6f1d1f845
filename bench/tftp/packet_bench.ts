/*
 * What the codec costs per packet, next to the least that a DataView by hand
 * does. The baselines check nothing that they do not need. A send or a receive
 * takes several microseconds, so a codec below half a microsecond is not worth
 * a second, unchecked path in the transfer loops; RRQ comes once a transfer
 * and decides only how fast a flood of requests is turned away.
 */

import { decodePacket, encodeAck, encodeRequest } from "../../tftp/packet.ts";

const data = new Uint8Array(4 + 1428).fill(7);
data.set([0, 3, 1, 2]);

const request = encodeRequest({
  type: "rrq",
  name: new TextEncoder().encode("pxelinux.cfg/default"),
  mode: "octet",
  options: [
    ["blksize", "1428"],
    ["windowsize", "16"],
    ["timeout", "2"],
    ["tsize", "0"],
  ],
});

/** Keeps the results alive: V8 drops code without effect. */
let sink = 0;

Deno.bench("DataView by hand", { group: "decode DATA", baseline: true }, () => {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (view.getUint16(0) === 3) {
    sink += view.getUint16(2) + data.subarray(4).length;
  }
});

Deno.bench("decodePacket()", { group: "decode DATA" }, () => {
  const packet = decodePacket(data);
  if (packet.type === "data") sink += packet.block + packet.data.length;
});

Deno.bench("DataView by hand", { group: "encode ACK", baseline: true }, () => {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, 4);
  view.setUint16(2, 258);
  sink += new Uint8Array(view.buffer).length;
});

Deno.bench("encodeAck()", { group: "encode ACK" }, () => {
  sink += encodeAck(258).length;
});

Deno.bench("DataView and TextDecoder by hand", {
  group: "decode RRQ with 4 options",
  baseline: true,
}, () => {
  const view = new DataView(request.buffer);
  const fields = new TextDecoder().decode(request.subarray(2)).split("\0");
  sink += view.getUint16(0) + fields.length;
});

Deno.bench("decodePacket()", { group: "decode RRQ with 4 options" }, () => {
  const packet = decodePacket(request);
  if (packet.type === "rrq") sink += packet.options.size;
});

if (sink < 0) throw new Error("Cannot be negative");
