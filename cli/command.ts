import { parseArgs } from "@std/cli/parse-args";

/** Something that the caller typed wrong; the command line then exits with 2. */
export class UsageError extends Error {
  /** Names the class in messages. */
  override readonly name = "UsageError";
}

/** One option of a command. */
export interface Flag {
  /** What it does, one line, with its default. */
  readonly description: string;
  /** Placeholder of its value in the help text; without it, a switch. */
  readonly value?: string;
  /** One letter that stands for it. */
  readonly short?: string;
}

/** A verb of the command line. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** What follows the verb: `"HOST[:PORT]:FILE [LOCAL]"`. */
  readonly usage: string;
  /** Lines below the options: what else a user should know, with examples. */
  readonly notes?: string;
  /** Options by long name. */
  readonly flags: Readonly<Record<string, Flag>>;
  /**
   * Does the work; what it throws becomes one line on stderr.
   *
   * @param args What the caller typed.
   * @param signal Aborted by Ctrl-C, SIGTERM and SIGHUP.
   */
  run(args: Arguments, signal: AbortSignal): Promise<void>;
}

/** The commands of one module. */
export interface CommandGroup {
  /** One line for the list of modules. */
  readonly summary: string;
  /** Commands by verb. */
  readonly commands: Readonly<Record<string, Command>>;
}

/** The words and options behind a verb, checked. */
export class Arguments {
  /** Words that are not options, in order. */
  readonly words: readonly string[];
  readonly #flags: Readonly<Record<string, unknown>>;

  /**
   * Sorts words from options.
   *
   * @param args What was typed behind the verb.
   * @param flags The options that the command knows.
   * @throws {UsageError} If an option is unknown, or lacks its value.
   */
  constructor(args: string[], flags: Readonly<Record<string, Flag>>) {
    const switches: string[] = ["help"];
    const values: string[] = [];
    const alias: Record<string, string> = { h: "help" };
    for (const [name, flag] of Object.entries(flags)) {
      (flag.value === undefined ? switches : values).push(name);
      if (flag.short !== undefined) alias[flag.short] = name;
    }
    if (args.some((arg) => /^--_(=|$)/.test(arg))) {
      throw new UsageError("Unknown option --_"); // parseArgs() takes it for "_"
    }
    const parsed = parseArgs(args, {
      boolean: switches,
      string: [...values, "_"], // words stay words, also "007"
      collect: values,
      alias,
      unknown: (arg, key) => {
        if (key === undefined) return; // a word
        const name = arg.match(/^--([^=]+)=$/)?.[1];
        if (name !== undefined && values.includes(name)) throw lacking(name);
        throw new UsageError(`Unknown option ${arg}`);
      },
    });
    this.#flags = parsed;
    this.words = parsed._.map(String);
    for (const name of switches) {
      if (typeof parsed[name] !== "boolean") {
        throw new UsageError(`Option --${name} takes no value`);
      }
    }
    for (const name of values) {
      const given = parsed[name] as string[];
      if (given.length > 1) {
        throw new UsageError(`Option --${name} is given twice`);
      }
      if (given[0] === "") throw lacking(name);
    }
  }

  /** Whether a switch was given. */
  has(name: string): boolean {
    return this.#flags[name] === true;
  }

  /** The value of an option, `undefined` if it was not given. */
  text(name: string): string | undefined {
    return (this.#flags[name] as string[] | undefined)?.[0];
  }

  /**
   * The value of an option as a number.
   *
   * @param name Long name of the option.
   * @param range Least and greatest value; `fraction` allows a decimal point.
   * @throws {UsageError} If it is not a number, or out of range.
   */
  number(
    name: string,
    range: { min: number; max: number; fraction?: boolean },
  ): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const { min, max, fraction = false } = range;
    const pattern = fraction ? /^\d+(\.\d+)?$/ : /^\d+$/;
    const value = Number(text);
    if (!pattern.test(text) || value < min || value > max) {
      const kind = fraction ? "a number" : "a whole number";
      const limit = max === Infinity ? `from ${min}` : `from ${min} to ${max}`;
      throw new UsageError(
        `Cannot use --${name} ${text}: it must be ${kind} ${limit}`,
      );
    }
    return value;
  }

  /**
   * The words, once their number is checked.
   *
   * @param names What each is called in messages; a name in brackets, such as
   * `"[LOCAL]"`, may be missing.
   * @throws {UsageError} If words are missing or too many.
   */
  expect(...names: string[]): (string | undefined)[] {
    for (const [index, name] of names.entries()) {
      if (index >= this.words.length && !name.startsWith("[")) {
        throw new UsageError(`Missing ${name}`);
      }
    }
    if (this.words.length > names.length) {
      throw new UsageError(`Unexpected "${this.words[names.length]}"`);
    }
    return names.map((_, index) => this.words[index]);
  }
}

function lacking(name: string): UsageError {
  return new UsageError(`Option --${name} needs a value`);
}
