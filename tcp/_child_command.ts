/** With which flags and environment this program starts others of its kind. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { HandlerModule } from "./handler.ts";

const PERMISSIONS = [
  "read",
  "write",
  "net",
  "env",
  "sys",
  "run",
  "ffi",
  "import",
] as const;

/** Where modules are cached, which the other process needs to know. */
const CACHE_VARIABLES = ["DENO_DIR", "XDG_CACHE_HOME", "HOME"];

/**
 * Denies what nobody has granted. `node:child_process` grants everything to a Deno
 * that is started without a word about permissions.
 */
const NO_PERMISSION = "--deny-ffi";

/**
 * The arguments of `deno` that run a program, given by its source.
 *
 * The program may import files without a permission to read: it is the root of
 * a graph of modules that are known before it runs.
 *
 * @param flags Instead of the permissions that this process has without a limit.
 */
export function argumentsFor(
  program: string,
  flags: readonly string[] = grantedFlags(),
): string[] {
  const ours = ["--quiet", "--no-prompt"];
  return [
    "run",
    ...ours.filter((flag) => !flags.includes(flag)), // none may be there twice
    ...configFlags(flags),
    ...flags,
    ...(flags.some(isPermission) ? [] : [NO_PERMISSION]),
    `data:text/javascript,${encodeURIComponent(program)}`,
  ];
}

/**
 * The source of a program that imports the module of a handler, and calls a
 * function with options.
 *
 * @param entry URL of the module that exports the function.
 * @param options Plain data.
 */
export function programOf(
  entry: string,
  name: string,
  options: { readonly handler: HandlerModule },
): string {
  return `
    import { ${name} } from ${JSON.stringify(entry)};
    import ${JSON.stringify(options.handler.module)};
    ${name}(${literal(options)});
  `;
}

/** As JSON, which has no word for infinity. */
function literal(value: unknown): string {
  const mark = "\0infinity";
  const json = JSON.stringify(value, (_, it) => it === Infinity ? mark : it);
  return json.replaceAll(JSON.stringify(mark), "Infinity");
}

/** The environment: all of it, or what may be read of what is needed. */
export function environment(): Record<string, string> {
  if (isGranted({ name: "env" })) return Deno.env.toObject();
  const variables: Record<string, string> = {};
  for (const variable of CACHE_VARIABLES) {
    if (!isGranted({ name: "env", variable })) continue;
    const value = Deno.env.get(variable);
    if (value !== undefined) variables[variable] = value;
  }
  return variables;
}

/** Whether there is a permission, all of it, without asking anybody. */
export function isGranted(permission: Deno.PermissionDescriptor): boolean {
  const { state, partial } = Deno.permissions.querySync(permission);
  return state === "granted" && !partial; // else something of it is denied
}

/** Whether a flag says something about permissions, long or short. */
function isPermission(flag: string): boolean {
  return /^(--(allow|deny)-|--permission-set\b|-[A-Z]$)/.test(flag);
}

function grantedFlags(): string[] {
  const flags = PERMISSIONS.filter((name) => isGranted({ name }))
    .map((name) => `--allow-${name}`);
  if (Deno.listenDatagram !== undefined) flags.push("--unstable-net");
  return flags;
}

/**
 * The configuration, with its import map, that this program has: that next to its
 * main module, or above. Deno would look where the process was started.
 */
function configFlags(flags: readonly string[]): string[] {
  const isGiven = flags.some((flag) => /^(-c|--(no-)?config)\b/.test(flag));
  if (isGiven || !Deno.mainModule.startsWith("file:")) return [];
  let folder = dirname(fileURLToPath(Deno.mainModule));
  for (;;) {
    for (const name of ["deno.json", "deno.jsonc"]) {
      const path = join(folder, name);
      if (isFile(path)) return [`--config=${path}`];
    }
    const above = dirname(folder);
    if (above === folder) return [];
    folder = above;
  }
}

function isFile(path: string): boolean {
  if (!isGranted({ name: "read", path })) return false;
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false; // as nearly everywhere
  }
}
