import { formatAddr } from "../mux/addr.ts";
import { printable } from "../mux/printable.ts";
import { decodeText } from "./charset.ts";
import type { TransferProgress } from "./options.ts";
import type { RequestPacket } from "./packet.ts";
import type { TftpServerOptions, TftpTransfer } from "./server_options.ts";

/** Least time between two reports of progress, in milliseconds. */
const PROGRESS_MS = 100;

/** Tells the user's hook what becomes of a request. */
export class Report {
  /** Name as the client sent it, harmless. */
  readonly name: string;
  /** What could not be done, for messages. */
  readonly action: string;
  readonly #operation: TftpTransfer["operation"];
  readonly #addr: Deno.NetAddr;
  readonly #server: TftpServerOptions;
  #hookError: { error: unknown } | undefined;
  #progressAt = 0;

  /**
   * @param packet The request.
   * @param addr The client.
   * @param server Encoding and hook.
   */
  constructor(
    packet: RequestPacket,
    addr: Deno.NetAddr,
    server: TftpServerOptions,
  ) {
    const name = decodeText(packet.name, server.encoding, { lossy: true });
    const [operation, verb, way] = packet.type === "rrq"
      ? ["read", "send", "to"] as const
      : ["write", "take", "from"] as const;
    this.name = printable(name);
    this.action = `Cannot ${verb} "${this.name}" ${way} ${formatAddr(addr)}`;
    this.#operation = operation;
    this.#addr = addr;
    this.#server = server;
  }

  /** What the hook threw first, if it did: no reason to spoil a transfer. */
  get hookError(): { readonly error: unknown } | undefined {
    return this.#hookError;
  }

  /** Tells what has happened. */
  tell(
    state: TftpTransfer["state"],
    outcome: Pick<TftpTransfer, "statistics" | "error" | "progress"> = {},
  ): void {
    try {
      this.#server.onTransfer?.({
        operation: this.#operation,
        name: this.name,
        addr: this.#addr,
        state,
        ...outcome,
      });
    } catch (error) {
      this.#hookError ??= { error };
    }
  }

  /** Tells how far it is, unless that was told a moment ago. */
  progress(bytes: number, size: TransferProgress["size"]): void {
    if (this.#server.onTransfer === undefined) return;
    const now = performance.now();
    if (now - this.#progressAt < PROGRESS_MS) return;
    if (this.#progressAt > 0) {
      this.tell("progress", { progress: { bytes, size } });
    }
    this.#progressAt = now;
  }
}
