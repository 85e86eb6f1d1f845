import {
  Arguments,
  type Command,
  type CommandGroup,
  UsageError,
} from "./command.ts";

/** The commands of a program, by module and verb. */
export type Program = Readonly<Record<string, CommandGroup>>;

/**
 * Finds the command that the words name, runs it, and reports how it went.
 *
 * Help goes to stdout. An error is one line on stderr. The first Ctrl-C,
 * SIGTERM or SIGHUP aborts the command's signal, the second ends the process at
 * once.
 *
 * @param program Modules and their commands.
 * @param version What `--version` prints.
 * @param args What was typed behind the program's name.
 * @returns The exit code: 0 done, 1 failed or interrupted, 2 wrong usage.
 */
export async function dispatch(
  program: Program,
  version: string,
  args: string[],
): Promise<number> {
  const [module, verb, ...rest] = args;
  if (module === undefined || isHelp(module)) {
    console.log(programHelp(program));
    return module === undefined ? 2 : 0;
  }
  if (module === "--version" || module === "-V") {
    console.log(version);
    return 0;
  }
  const group = Object.hasOwn(program, module) ? program[module] : undefined;
  if (group === undefined) {
    return refuse("lockstep", `Unknown module "${module}"`);
  }
  if (verb === undefined || isHelp(verb)) {
    console.log(groupHelp(module, group));
    return verb === undefined ? 2 : 0;
  }
  const name = `lockstep ${module} ${verb}`;
  const command = Object.hasOwn(group.commands, verb)
    ? group.commands[verb]
    : undefined;
  if (command === undefined) {
    return refuse(`lockstep ${module}`, `Unknown command "${verb}"`);
  }
  if (beforeDashes(rest).some(isHelp)) {
    console.log(commandHelp(name, command));
    return 0;
  }
  return await runCommand(name, command, rest);
}

async function runCommand(
  name: string,
  command: Command,
  args: string[],
): Promise<number> {
  const interrupt = new AbortController();
  const onSignal = () => {
    if (interrupt.signal.aborted) Deno.exit(1);
    interrupt.abort(new DOMException("Interrupted", "AbortError"));
  };
  const signals = interruptSignals();
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  try {
    await command.run(new Arguments(args, command.flags), interrupt.signal);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) return refuse(name, error.message);
    console.error(`${name}: ${oneLine(error)}`);
    return 1;
  } finally {
    for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
  }
}

function interruptSignals(): Deno.Signal[] {
  return Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
}

function refuse(name: string, message: string): number {
  console.error(`${name}: ${message} (see ${name} --help)`);
  return 2;
}

function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s*\n\s*/g, " ");
}

function isHelp(word: string): boolean {
  return word === "--help" || word === "-h";
}

/** Words behind `--` are no options. */
function beforeDashes(words: string[]): string[] {
  const dashes = words.indexOf("--");
  return dashes < 0 ? words : words.slice(0, dashes);
}

function programHelp(program: Program): string {
  const rows = Object.entries(program).map((
    [name, group],
  ) => [name, group.summary]);
  return [
    "Usage: lockstep MODULE VERB …",
    "",
    "Modules:",
    ...table(rows),
    "",
    "  -h, --help     Help for what stands before it",
    "  -V, --version  Version",
  ].join("\n");
}

function groupHelp(module: string, group: CommandGroup): string {
  const rows = Object.entries(group.commands).map((
    [verb, command],
  ) => [`${verb} ${command.usage}`.trimEnd(), command.summary]);
  return [
    `Usage: lockstep ${module} VERB …`,
    "",
    group.summary,
    "",
    ...table(rows),
    "",
    `Options of a verb: lockstep ${module} VERB --help`,
  ].join("\n");
}

function commandHelp(name: string, command: Command): string {
  const rows = Object.entries(command.flags).map(([long, flag]) => {
    const short = flag.short === undefined ? "    " : `-${flag.short}, `;
    const value = flag.value === undefined ? "" : ` ${flag.value}`;
    return [`${short}--${long}${value}`, flag.description];
  });
  rows.push(["-h, --help", "This text"]);
  const notes = command.notes === undefined ? [] : ["", command.notes];
  return [
    `Usage: ${name} ${command.usage}`.trimEnd(),
    "",
    command.summary,
    "",
    ...table(rows),
    ...notes,
  ].join("\n");
}

/** Two aligned columns; a long first cell gets a line of its own. */
function table(rows: string[][]): string[] {
  const widest = 30;
  const cells = rows.map(([left = ""]) => left.length);
  const width = Math.max(0, ...cells.filter((length) => length <= widest));
  return rows.map(([left = "", right = ""]) =>
    left.length > widest
      ? `  ${left}\n  ${" ".repeat(width)}  ${right}`
      : `  ${left.padEnd(width)}  ${right}`
  );
}
