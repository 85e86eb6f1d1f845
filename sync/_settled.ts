/**
 * Refuses a promise where a function had to be done when it returned.
 *
 * @param by What called the function.
 * @param instead What to call then.
 * @throws {TypeError} If it is one.
 */
export function settled<T>(value: T, by: string, instead: string): T {
  if (!(value instanceof Promise)) return value;
  value.catch(() => {}); // this error is the one to be seen
  throw new TypeError(
    `Cannot wait for an asynchronous function in ${by}: use ${instead}`,
  );
}
