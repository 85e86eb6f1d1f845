import {
  type Cargo,
  consume,
  type Get,
  type Message,
  produce,
  type Put,
} from "./traffic.ts";

type Numbers = Int32Array | Uint8Array;
type NumbersType = Int32ArrayConstructor | Uint8ArrayConstructor;

/** What is used of the package. */
interface RingBufferPeer {
  push(elements: Numbers, length?: number): number;
  pop(elements: Numbers, length?: number): number;
  available_read(): number;
  available_write(): number;
}

interface RingBufferTypePeer {
  new (storage: SharedArrayBuffer, type: NumbersType): RingBufferPeer;
  getStorageForCapacity(capacity: number, type: NumbersType): SharedArrayBuffer;
}

/** Which version is measured. */
export const VERSION = "0.4.0";

/** A ring. */
export const { RingBuffer }: { RingBuffer: RingBufferTypePeer } = await import(
  `npm:ringbuf.js@${VERSION}`
);

/** Messages of one kind, from place 0 to place 1. */
export function move(
  gate: Int32Array,
  place: number,
  cargo: Cargo,
  storage: SharedArrayBuffer,
): Promise<void> {
  const type = cargo === "integers" ? Int32Array : Uint8Array;
  const { put, get } = ENDS[cargo](new RingBuffer(storage, type));
  return place === 0
    ? produce(gate, place, cargo, put)
    : consume(gate, place, cargo, get);
}

type Ends = (ring: RingBufferPeer) => { readonly put: Put; readonly get: Get };

const ENDS: Record<Cargo, Ends> = { integers, objects, bytes };

function integers(ring: RingBufferPeer) {
  const numbers = new Int32Array(1);
  return {
    put: (value: Message) => {
      numbers[0] = value as number;
      while (ring.push(numbers) === 0);
    },
    get: () => {
      while (ring.pop(numbers) === 0);
      return numbers[0];
    },
  };
}

/** Each into the same array. */
function bytes(ring: RingBufferPeer) {
  const kibibyte = new Uint8Array(1024);
  return {
    put: (value: Message) => {
      while (ring.available_write() < 1024);
      ring.push(value as Uint8Array);
    },
    get: () => {
      while (ring.available_read() < 1024);
      ring.pop(kibibyte);
      return kibibyte;
    },
  };
}

/** As JSON, each after its length of two octets. */
function objects(ring: RingBufferPeer) {
  const frame = new Uint8Array(4096);
  const json = frame.subarray(2);
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  return {
    put: (value: Message) => {
      const { written } = encoder.encodeInto(JSON.stringify(value), json);
      frame[0] = written;
      frame[1] = written >> 8;
      while (ring.available_write() < 2 + written);
      ring.push(frame, 2 + written);
    },
    get: () => {
      while (ring.pop(frame, 2) === 0); // a message is there as a whole, or not
      const length = frame[0]! | frame[1]! << 8;
      ring.pop(json, length);
      return JSON.parse(decoder.decode(json.subarray(0, length)));
    },
  };
}
