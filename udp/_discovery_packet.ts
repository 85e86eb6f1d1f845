/** Length of the random number that ties an answer to its question. */
export const TOKEN_BYTES = 8;

/** Most bytes of a service name, and of a peer name, in UTF-8. */
export const MAX_NAME_BYTES = 63;

/** Most bytes of a peer's further information, in UTF-8. */
export const MAX_INFO_BYTES = 512;

/**
 * Length of a question. It is padded to this, and a shorter one is ignored, so
 * that the longest answer, 656 bytes, is less than three times as long: nobody
 * can use responders to multiply traffic under a false address.
 */
export const QUESTION_BYTES = 256;

const MAGIC = 0x4c53_4450; // "LSDP"
const VERSION = 1;
const QUESTION = 1;
const ANSWER = 2;
const HEADER_BYTES = 6 + TOKEN_BYTES;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What somebody looks for. */
export interface DiscoveryQuestion {
  readonly token: Uint8Array;
  /** Empty: any service. */
  readonly service: string;
}

/** What a responder says about itself. */
export interface DiscoveryPeer {
  readonly service: string;
  readonly name: string;
  /** Port of the service; 0: not told. */
  readonly servicePort: number;
  /** Empty: nothing. */
  readonly info: string;
}

/** An answer, and the question that it belongs to. */
export interface DiscoveryAnswer extends DiscoveryPeer {
  readonly token: Uint8Array;
}

/**
 * Writes a question.
 *
 * ```
 *  0       4         5      6       14
 *  ┌───────┬─────────┬──────┬───────┬────────┬─────────┬─────────────────┐
 *  │ magic │ version │ kind │ token │ length │ service │ zeros up to 256 │
 *  │ LSDP  │    1    │  1   │       │ 1 byte │ UTF-8   │                 │
 *  └───────┴─────────┴──────┴───────┴────────┴─────────┴─────────────────┘
 * ```
 *
 * @throws {RangeError} If the service name is too long.
 */
export function encodeQuestion(
  question: DiscoveryQuestion,
): Uint8Array<ArrayBuffer> {
  const service = encodeText("service", question.service, 0, MAX_NAME_BYTES);
  const packet = new Uint8Array(QUESTION_BYTES);
  writeHeader(packet, QUESTION, question.token);
  packet[HEADER_BYTES] = service.length;
  packet.set(service, HEADER_BYTES + 1);
  return packet;
}

/** Reads a question; `undefined` if it is none. */
export function decodeQuestion(
  packet: Uint8Array,
): DiscoveryQuestion | undefined {
  if (packet.length < QUESTION_BYTES) return undefined;
  const token = readHeader(packet, QUESTION);
  if (token === undefined) return undefined;
  const service = readText(packet, HEADER_BYTES, 1, 0, MAX_NAME_BYTES);
  return service && { token, service: service.text };
}

/**
 * Writes an answer.
 *
 * ```
 *  0       4         5      6       14
 *  ┌───────┬─────────┬──────┬───────┬──────┬────────┬─────────┬────────┬──────┬─────────┬──────┐
 *  │ magic │ version │ kind │ token │ port │ length │ service │ length │ name │ length  │ info │
 *  │ LSDP  │    1    │  2   │       │ 2 B  │ 1 byte │ UTF-8   │ 1 byte │UTF-8 │ 2 bytes │UTF-8 │
 *  └───────┴─────────┴──────┴───────┴──────┴────────┴─────────┴────────┴──────┴─────────┴──────┘
 * ```
 *
 * @throws {RangeError} If the service or the name is empty, anything is too
 * long, or the port is not 0 to 65535.
 */
export function encodeAnswer(answer: DiscoveryAnswer): Uint8Array<ArrayBuffer> {
  const { servicePort: port } = answer;
  if (!(Number.isInteger(port) && port >= 0 && port <= 65535)) {
    throw new RangeError(
      `Cannot answer discovery: servicePort must be 0 to 65535, got ${port}`,
    );
  }
  const service = encodeText("service", answer.service, 1, MAX_NAME_BYTES);
  const name = encodeText("name", answer.name, 1, MAX_NAME_BYTES);
  const info = encodeText("info", answer.info, 0, MAX_INFO_BYTES);
  const serviceAt = HEADER_BYTES + 2;
  const nameAt = serviceAt + 1 + service.length;
  const infoAt = nameAt + 1 + name.length;
  const packet = new Uint8Array(infoAt + 2 + info.length);
  const view = new DataView(packet.buffer);
  writeHeader(packet, ANSWER, answer.token);
  view.setUint16(HEADER_BYTES, port);
  packet[serviceAt] = service.length;
  packet.set(service, serviceAt + 1);
  packet[nameAt] = name.length;
  packet.set(name, nameAt + 1);
  view.setUint16(infoAt, info.length);
  packet.set(info, infoAt + 2);
  return packet;
}

/** Reads an answer; `undefined` if it is none. */
export function decodeAnswer(packet: Uint8Array): DiscoveryAnswer | undefined {
  const serviceAt = HEADER_BYTES + 2;
  if (packet.length < serviceAt) return undefined;
  const token = readHeader(packet, ANSWER);
  if (token === undefined) return undefined;
  const servicePort = viewOf(packet).getUint16(HEADER_BYTES);
  const service = readText(packet, serviceAt, 1, 1, MAX_NAME_BYTES);
  if (service === undefined) return undefined;
  const name = readText(packet, service.end, 1, 1, MAX_NAME_BYTES);
  if (name === undefined) return undefined;
  const info = readText(packet, name.end, 2, 0, MAX_INFO_BYTES);
  if (info === undefined || info.end !== packet.length) return undefined;
  return {
    token,
    servicePort,
    service: service.text,
    name: name.text,
    info: info.text,
  };
}

function writeHeader(
  packet: Uint8Array<ArrayBuffer>,
  kind: number,
  token: Uint8Array,
): void {
  const view = viewOf(packet);
  view.setUint32(0, MAGIC);
  view.setUint8(4, VERSION);
  view.setUint8(5, kind);
  packet.set(token, 6);
}

/** The token, if the rest of the header is right. */
function readHeader(packet: Uint8Array, kind: number): Uint8Array | undefined {
  const view = viewOf(packet);
  const right = view.getUint32(0) === MAGIC &&
    view.getUint8(4) === VERSION && view.getUint8(5) === kind;
  return right ? packet.slice(6, HEADER_BYTES) : undefined;
}

function encodeText(
  what: string,
  text: string,
  minBytes: number,
  maxBytes: number,
): Uint8Array {
  const bytes = encoder.encode(text);
  if (bytes.length < minBytes || bytes.length > maxBytes) {
    throw new RangeError(
      `Cannot use "${text.slice(0, maxBytes)}" as ${what} in discovery: ` +
        `it must be ${minBytes} to ${maxBytes} bytes long, got ${bytes.length}`,
    );
  }
  return bytes;
}

/** A text behind its length, and where it ends. */
function readText(
  packet: Uint8Array,
  at: number,
  lengthBytes: 1 | 2,
  minBytes: number,
  maxBytes: number,
): { text: string; end: number } | undefined {
  const start = at + lengthBytes;
  if (start > packet.length) return undefined;
  const view = viewOf(packet);
  const length = lengthBytes === 1 ? view.getUint8(at) : view.getUint16(at);
  const end = start + length;
  if (length < minBytes || length > maxBytes || end > packet.length) {
    return undefined;
  }
  try {
    return { text: decoder.decode(packet.subarray(start, end)), end };
  } catch {
    return undefined; // not UTF-8
  }
}

function viewOf(packet: Uint8Array): DataView {
  return new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
}
