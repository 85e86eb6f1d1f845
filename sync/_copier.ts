/**
 * Answers what to put in place of an object that is neither array, map nor set;
 * `undefined` to copy it property by property.
 */
export type Convert = (object: object, path: string, copier: Copier) => unknown;

/** Copies a value at all depths; what occurs twice is one thing in the copy, too. */
export class Copier {
  readonly #convert: Convert;
  readonly #copies = new Map<object, object>();

  constructor(convert: Convert) {
    this.#convert = convert;
  }

  find(object: object): object | undefined {
    return this.#copies.get(object);
  }

  remember<T extends object>(object: object, made: T): T {
    this.#copies.set(object, made);
    return made;
  }

  copy(value: unknown, path: string): unknown {
    if (typeof value === "function" || typeof value === "symbol") {
      throw cannot(path, `a ${typeof value} belongs to its thread`);
    }
    if (typeof value !== "object" || value === null) return value;
    const known = this.find(value);
    if (known !== undefined) return known;
    if (Array.isArray(value)) {
      const made: unknown[] = this.remember(value, []);
      made.length = value.length;
      for (const index of value.keys()) {
        if (!(index in value)) continue; // a hole
        made[index] = this.copy(value[index], `${path}[${index}]`);
      }
      return made;
    }
    if (value instanceof Map) {
      const made = this.remember(value, new Map());
      for (const [key, item] of value) {
        made.set(
          this.copy(key, `a key of ${path}`),
          this.copy(item, `an entry of ${path}`),
        );
      }
      return made;
    }
    if (value instanceof Set) {
      const made = this.remember(value, new Set());
      for (const item of value) made.add(this.copy(item, `an item of ${path}`));
      return made;
    }
    const converted = this.#convert(value, path, this);
    if (converted !== undefined) {
      return this.remember(value, converted as object);
    }
    const made = this.remember<Record<string, unknown>>(value, {});
    for (const [key, item] of Object.entries(value)) {
      made[key] = this.copy(item, `${path}.${key}`);
    }
    return made;
  }

  /** Copies properties, without those that cannot be shared. */
  copyWhatCan(
    properties: Readonly<Record<string, unknown>>,
    path: string,
  ): Record<string, unknown> {
    const made: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(properties)) {
      try {
        made[key] = this.copy(item, `${path}.${key}`);
      } catch {
        // The error itself is worth more than what it carries.
      }
    }
    return made;
  }
}

/** The error of what cannot be shared. */
export function cannot(path: string, why: string): TypeError {
  return new TypeError(`Cannot share ${path}: ${why}`);
}
