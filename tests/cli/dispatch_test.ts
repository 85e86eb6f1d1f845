import {
  assert,
  assertEquals,
  assertFalse,
  assertStringIncludes,
} from "@std/assert";
import { deadline } from "@std/async";
import { type Arguments, type Command, UsageError } from "../../cli/command.ts";
import { dispatch, type Program } from "../../cli/dispatch.ts";

/** What a command line printed, and how it ended. */
interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line over a program of the test. */
async function run(program: Program, ...args: string[]): Promise<Outcome> {
  const { log, error } = console;
  const out: string[] = [];
  const err: string[] = [];
  console.log = (text: string) => void out.push(text);
  console.error = (text: string) => void err.push(text);
  try {
    const code = await dispatch(program, "1.2.3", args);
    return { code, out: out.join("\n"), err: err.join("\n") };
  } finally {
    Object.assign(console, { log, error });
  }
}

/** A program with one command, `mod verb`, that does this. */
function program(work: Command["run"] = async () => {}): Program {
  const verb: Command = {
    summary: "Does the thing",
    usage: "FROM [TO]",
    notes: "Notes at the end.",
    flags: {
      port: { value: "PORT", description: "Port (default 69)" },
      quiet: { short: "q", description: "Print errors only" },
    },
    run: work,
  };
  const mod = { summary: "A module", commands: { verb } };
  return { mod, other: { summary: "Another", commands: {} } };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve())
  );
}

/** Signals and exits of the test's own instead of the system's. */
interface FakeSignals {
  readonly listening: Map<Deno.Signal, () => void>;
  readonly exits: (number | undefined)[];
  readonly raise: (signal: Deno.Signal) => void;
}

async function withFakeSignals(
  work: (fake: FakeSignals) => Promise<void>,
): Promise<void> {
  const { addSignalListener, removeSignalListener, exit } = Deno;
  const listening: FakeSignals["listening"] = new Map();
  const exits: FakeSignals["exits"] = [];
  const raise = (signal: Deno.Signal) => listening.get(signal)?.();
  Object.assign(Deno, {
    addSignalListener: (signal: Deno.Signal, handler: () => void) =>
      void listening.set(signal, handler),
    removeSignalListener: (signal: Deno.Signal, handler: () => void) => {
      if (listening.get(signal) === handler) listening.delete(signal);
    },
    exit: (code?: number) => void exits.push(code),
  });
  try {
    await work({ listening, exits, raise });
  } finally {
    Object.assign(Deno, { addSignalListener, removeSignalListener, exit });
  }
}

Deno.test("dispatch() runs the command with what was typed behind the verb", async () => {
  let seen: Arguments | undefined;
  const fake = program(async (args, signal) => {
    seen = await Promise.resolve(args);
    assertFalse(signal.aborted);
  });
  const outcome = await run(fake, "mod", "verb", "a", "--port", "7", "-q", "b");
  assertEquals(outcome, { code: 0, out: "", err: "" });
  assertEquals(seen?.words, ["a", "b"]);
  assertEquals([seen?.text("port"), seen?.has("quiet")], ["7", true]);
});

Deno.test("dispatch() prints the version", async () => {
  for (const word of ["--version", "-V"]) {
    const outcome = await run(program(), word);
    assertEquals(outcome, { code: 0, out: "1.2.3", err: "" });
  }
});

Deno.test("dispatch() lists the modules, with 2 unless help was asked for", async () => {
  const help = await run(program(), "--help");
  assertEquals([help.code, help.err], [0, ""]);
  for (const row of ["mod    A module", "other  Another"]) {
    assertStringIncludes(help.out, row);
  }
  assertEquals(await run(program(), "-h"), help);
  assertEquals(await run(program()), { ...help, code: 2 });
});

Deno.test("dispatch() lists the verbs, with 2 unless help was asked for", async () => {
  const help = await run(program(), "mod", "--help");
  assertEquals([help.code, help.err], [0, ""]);
  assertStringIncludes(help.out, "Usage: lockstep mod VERB");
  assertStringIncludes(help.out, "verb FROM [TO]  Does the thing");
  assertEquals(await run(program(), "mod", "-h"), help);
  assertEquals(await run(program(), "mod"), { ...help, code: 2 });
});

Deno.test("dispatch() shows usage, options and notes of a verb", async () => {
  const unused = program(() => Promise.reject(new Error("ran")));
  const help = await run(unused, "mod", "verb", "--help");
  assertEquals(help, {
    code: 0,
    out: `Usage: lockstep mod verb FROM [TO]

Does the thing

      --port PORT  Port (default 69)
  -q, --quiet      Print errors only
  -h, --help       This text

Notes at the end.`,
    err: "",
  });
  assertEquals(await run(unused, "mod", "verb", "a", "--nope", "-h"), help);
});

Deno.test("dispatch() takes --help behind -- for a word", async () => {
  let words: readonly string[] | undefined;
  const fake = program((args) => {
    words = args.words;
    return Promise.resolve();
  });
  const { code } = await run(fake, "mod", "verb", "--", "--help");
  assertEquals([code, words], [0, ["--help"]]);
});

Deno.test("dispatch() refuses a module or verb that there is not", async () => {
  for (const word of ["nope", "constructor", "__proto__", "--nope", ""]) {
    assertEquals(await run(program(), word, "verb"), {
      code: 2,
      out: "",
      err: `lockstep: Unknown module "${word}" (see lockstep --help)`,
    });
    assertEquals(await run(program(), "mod", word), {
      code: 2,
      out: "",
      err: `lockstep mod: Unknown command "${word}" (see lockstep mod --help)`,
    });
  }
});

Deno.test("dispatch() exits with 2 and a hint for wrong usage", async () => {
  const fake = program((args) => {
    args.expect("FROM");
    throw new UsageError("Cannot do that");
  });
  const hint = "(see lockstep mod verb --help)";
  for (
    const [args, message] of [
      [["a"], "Cannot do that"],
      [[], "Missing FROM"],
      [["--nope"], "Unknown option --nope"],
    ] as const
  ) {
    assertEquals(await run(fake, "mod", "verb", ...args), {
      code: 2,
      out: "",
      err: `lockstep mod verb: ${message} ${hint}`,
    });
  }
});

Deno.test("dispatch() exits with 1 and one line for a failure", async () => {
  const failures: [unknown, string][] = [
    [new Error("no route"), "no route"],
    [new TypeError("one\n  two\nthree"), "one two three"],
    ["thrown text", "thrown text"],
  ];
  for (const [failure, message] of failures) {
    const fake = program(() => Promise.reject(failure));
    assertEquals(await run(fake, "mod", "verb"), {
      code: 1,
      out: "",
      err: `lockstep mod verb: ${message}`,
    });
  }
});

for (const name of ["SIGTERM", "SIGHUP"] as const) {
  Deno.test({
    name: `dispatch() aborts the signal on ${name}, and exits with 1`,
    ignore: Deno.build.os === "windows", // a signal ends the process there
    async fn() {
      let reason: unknown;
      const fake = program(async (_, signal) => {
        const aborted = untilAborted(signal);
        Deno.kill(Deno.pid, name);
        await deadline(aborted, 30_000); // a listener keeps no test alive
        reason = signal.reason;
        signal.throwIfAborted();
      });
      const outcome = await run(fake, "mod", "verb");
      assertEquals(outcome, {
        code: 1,
        out: "",
        err: "lockstep mod verb: Interrupted",
      });
      assert(reason instanceof DOMException && reason.name === "AbortError");
    },
  });
}

Deno.test("dispatch() exits with 0 if the command ends well after a signal", async () => {
  await withFakeSignals(async ({ raise }) => {
    const fake = program(async (_, signal) => {
      const aborted = untilAborted(signal);
      raise("SIGINT");
      await aborted;
    });
    const outcome = await run(fake, "mod", "verb");
    assertEquals(outcome, { code: 0, out: "", err: "" });
  });
});

Deno.test("dispatch() ends the process at the second signal", async () => {
  await withFakeSignals(async ({ raise, exits }) => {
    const fake = program((_, signal) => {
      raise("SIGINT");
      assertEquals([signal.aborted, exits], [true, []]);
      raise("SIGINT");
      assertEquals(exits, [1]);
      return Promise.resolve();
    });
    assertEquals((await run(fake, "mod", "verb")).err, "");
  });
});

Deno.test("dispatch() listens to signals as long as the command runs", async () => {
  await withFakeSignals(async ({ listening }) => {
    const expected = Deno.build.os === "windows"
      ? ["SIGBREAK", "SIGINT"]
      : ["SIGHUP", "SIGINT", "SIGTERM"];
    for (const end of [() => Promise.resolve(), () => Promise.reject("x")]) {
      let during: string[] = [];
      const fake = program(() => {
        during = [...listening.keys()].sort();
        return end();
      });
      await run(fake, "mod", "verb");
      assertEquals([during, [...listening.keys()]], [expected, []]);
    }
  });
});
