import type { CommandGroup } from "../cli/command.ts";
import { connectCommand } from "./_cli_connect.ts";
import { echoCommand } from "./_cli_echo.ts";
import { loadCommand } from "./_cli_load.ts";

/** The commands of `lockstep tcp`. */
export const tcpCommands: CommandGroup = {
  summary: "Streams: connect, echo under any model of concurrency, load",
  commands: {
    connect: connectCommand,
    echo: echoCommand,
    load: loadCommand,
  },
};
