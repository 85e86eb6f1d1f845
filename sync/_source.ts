/** The text of a function, as an expression. */
export function sourceOf(fn: (...args: never[]) => unknown): string {
  const source = Function.prototype.toString.call(fn);
  if (/\{\s*\[native code\]\s*\}$/.test(source)) {
    throw new TypeError(
      `Cannot run ${fn.name || "the function"} in a thread: it has no source`,
    );
  }
  try {
    new Function(`(${source})`); // parsed, not called
    return `(${source})`;
  } catch {
    return `Object.values({ ${source} })[0]`; // a method
  }
}

/** Makes a function of such a text. */
export async function compiled(
  source: string,
): Promise<(...args: unknown[]) => unknown> {
  const module = `export default ${source};`;
  const url = `data:text/javascript,${encodeURIComponent(module)}`;
  return (await import(url)).default;
}

/**
 * The function that a module exports.
 *
 * @throws {TypeError} If there is none of that name.
 */
export async function exported(
  module: string,
  name: string,
): Promise<(...args: unknown[]) => unknown> {
  const exports = await import(module);
  if (typeof exports[name] === "function") return exports[name];
  throw new TypeError(
    `Cannot run "${name}" in a thread: ${module} exports no function of that name`,
  );
}
