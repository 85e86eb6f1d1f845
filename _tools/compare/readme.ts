import { cpus } from "node:os";
import { deno } from "./contest.ts";

const README = new URL("../../README.md", import.meta.url);

/** The part of the README that a tool writes, between two comments. */
export class ReadmePart {
  readonly #start: string;
  readonly #end: string;

  /** @param name What the comments are called: `<!-- name:start -->`. */
  constructor(name: string) {
    this.#start = `<!-- ${name}:start -->`;
    this.#end = `<!-- ${name}:end -->`;
  }

  /** Complains before anything is measured if there is no such part. */
  async check(): Promise<void> {
    await this.#around();
  }

  /** Replaces it. */
  async write(markdown: string): Promise<void> {
    const [before, after] = await this.#around();
    const part = [this.#start, markdown, this.#end].join("\n\n");
    await Deno.writeTextFile(README, before + part + after);
    await deno(["fmt", "--quiet", "README.md"]);
  }

  async #around(): Promise<[string, string]> {
    const text = await Deno.readTextFile(README);
    const start = text.indexOf(this.#start);
    const end = text.indexOf(this.#end);
    if (start >= 0 && start < end) {
      return [text.slice(0, start), text.slice(end + this.#end.length)];
    }
    throw new Error(
      `Cannot write the tables: README.md lacks ${this.#start}, ${this.#end}`,
    );
  }
}

/** Where and when something is measured, and by what task. */
export function conditions(task: string): string {
  const date = new Date().toISOString().slice(0, 10);
  const { length } = cpus();
  const machine = `${cpus()[0]?.model ?? "unknown"}, ${length} cores`;
  const system = `Deno ${Deno.version.deno} ${Deno.build.target}`;
  return `${machine}, ${system}, ${date}, \`deno task ${task}\``;
}

/** Markdown as `deno fmt` would have it. */
export function formatted(markdown: string): Promise<string> {
  return deno(["fmt", "--ext=md", "-"], markdown);
}
