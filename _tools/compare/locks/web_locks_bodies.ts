import { work } from "../../../bench/sync/gate.ts";

/** What Deno has of the Web Locks API, which its types do not know. */
export const { locks } = navigator as unknown as {
  readonly locks: {
    request(name: string, callback: () => void): Promise<void>;
  };
};

/** As the body of that name in bench/sync/bodies.ts. */
export function addLocked(
  gate: Int32Array,
  place: number,
  total: Int32Array,
): Promise<void> {
  const add = () => {
    total[0]!++;
  };
  return work(gate, place, async (turns) => {
    for (let i = 0; i < turns; i++) await locks.request("busy", add);
  });
}
