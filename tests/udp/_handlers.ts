/** Handlers for `UdpServer` that are found by their names. */
import { currentTask } from "../../sync/task.ts";
import { Thread } from "../../sync/thread.ts";
import type { Datagram } from "../../udp/socket.ts";
import { spin } from "../tcp/_spin.ts";

/** What the hooks were told, in this thread. */
export const errors: unknown[] = [];

export function onError(error: unknown): void {
  errors.push(error);
}

/** Turns away what begins with a zero. */
export function verify({ data }: Datagram): boolean {
  return data[0] !== 0;
}

/** Each octet but one more. */
export function increment({ data }: Datagram): Uint8Array {
  return data.map((octet) => octet + 1);
}

/** Does what the first octet says. */
export function obey(
  { data, addr }: Datagram,
): Uint8Array | void | Promise<Uint8Array> {
  switch (data[0]) {
    case 1:
      return Uint8Array.of(Thread.current.id);
    case 2:
      throw new RangeError(`as ${addr.hostname} asked`);
    case 3:
      return; // no answer
    case 4:
      return Promise.resolve(data);
    case 5:
      return spin();
    case 6:
      return Uint8Array.of(currentTask() === undefined ? 0 : 1);
  }
}
