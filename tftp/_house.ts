import type { TftpError } from "./error.ts";
import type { Agreed } from "./_guest.ts";
import type { LinkSocket } from "./_link.ts";
import type { RequestPacket } from "./packet.ts";
import type { Report } from "./_report.ts";

/** A client that has answered, and so is real. */
export interface Admitted {
  readonly agreed: Agreed;
  readonly packet: RequestPacket;
  /** The datagram that it asked by. */
  readonly request: Uint8Array;
  readonly addr: Deno.NetAddr;
  readonly socket: LinkSocket;
  readonly report: Report;
  /** When it asked. */
  readonly askedAt: number;
}

/** What the `Door` asks its server. */
export interface House {
  /** Whether a request is that of a transfer under way, which answers it. */
  answers(key: string, request: Uint8Array): boolean;
  /** Ends the transfer of a client that has asked anew, without a word. */
  supersede(key: string): void;
  /** Whether there is room for one more transfer of this host. */
  hasRoom(hostname: string): boolean;
  /** Begins a transfer. */
  admit(admitted: Admitted): void;
  /** A request was refused, or led to nothing. */
  onFailure(report: Report, error: TftpError): void;
  /** Only the size was asked for. */
  onProbe(report: Report): void;
  /** What is nobody's fault but ours. */
  onError(error: unknown): void;
}
