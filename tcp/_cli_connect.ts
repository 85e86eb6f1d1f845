import type { Command } from "../cli/command.ts";
import { waitFor } from "../sync/wait_options.ts";
import { connectTo, TARGET_FLAGS, targetOf } from "./_cli_target.ts";
import type { TcpSocket } from "./socket.ts";

/** `lockstep tcp connect` */
export const connectCommand: Command = {
  summary: "Sends what is typed, prints what comes",
  usage: "HOST:PORT",
  notes:
    "The end of what is typed (Ctrl-D) is told to the other side, which may\n" +
    "go on. The command ends when both sides have said all; at a terminal, when\n" +
    "the other side has.",
  flags: TARGET_FLAGS,
  async run(args, signal) {
    const target = await targetOf(args);
    using socket = await connectTo(target, signal);
    console.error(`Connected to ${target.name}`);
    const sending = send(socket);
    sending.catch(() => {}); // who does not listen may still have to say something
    await print(socket, signal);
    // At a terminal nobody has to type Ctrl-D to whom is gone.
    if (!Deno.stdin.isTerminal()) await waitFor(sending, { signal });
  },
};

/** Sends what stdin holds, then says that nothing more comes. */
async function send(socket: TcpSocket): Promise<void> {
  for await (const octets of Deno.stdin.readable) await socket.sendAll(octets);
  await socket.closeWrite();
}

/** Prints what comes, to the end. */
async function print(socket: TcpSocket, signal: AbortSignal): Promise<void> {
  for (;;) {
    const octets = await socket.receive(undefined, { signal });
    if (octets === null) return;
    for (let rest = octets; rest.length > 0;) {
      rest = rest.subarray(await Deno.stdout.write(rest));
    }
  }
}
