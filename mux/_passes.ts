/**
 * Passes over the kernel's readiness, when we want them.
 *
 * Deno looks at its sockets when it has nothing else to do; whoever turns in
 * microtasks or by `setImmediate()` keeps it from that. A doorbell is a pair of
 * sockets of our own: one octet through it comes back when the runtime has looked
 * at all sockets, in 9 to 14 µs, where `setTimeout(0)` takes 2 ms.
 *
 * All who need one in a thread share it; it is opened when it is rung for the
 * first time, and closed with the last of its users.
 */
import { setImmediate } from "node:timers";

/** Turns of the event loop between two looks at the sockets, and some. */
const TURNS = 64;

const octet = new Uint8Array(1);
let users = 0;
let pair: Promise<Pair | undefined> | undefined;
let opened: Pair | undefined;
/** The pass that has begun, and the one that begins after it. */
let current: Promise<void> | undefined;
let next: Promise<void> | undefined;

/** Keeps the sockets open, once they are, until `leave()`. */
export function enter(): void {
  users++;
}

/** The last to leave closes them. */
export function leave(): void {
  if (--users > 0) return;
  opened?.close();
  opened = pair = undefined;
}

/** Whether somebody wants passes, so that it pays to look for fairness. */
export function isInUse(): boolean {
  return users > 0;
}

/** Waits for a pass that begins now or later. */
export function pass(): Promise<void> {
  if (current === undefined) {
    const mine = current = look().finally(() => {
      if (current === mine) current = undefined;
    });
    return mine;
  }
  return next ??= current.then(() => {
    next = undefined;
    return pass();
  });
}

async function look(): Promise<void> {
  const bell = opened ?? await ensure();
  if (bell === undefined || !await bell.ring()) await turn(TURNS);
}

async function ensure(): Promise<Pair | undefined> {
  if (users === 0) return undefined;
  const mine = pair ??= open();
  const bell = await mine;
  if (pair === mine) opened = bell;
  else bell?.close(); // the last user has left meanwhile
  return opened;
}

function turn(times: number): Promise<void> {
  return new Promise((done) => {
    const once = () => times-- > 0 ? setImmediate(once) : done();
    once();
  });
}

class Pair {
  readonly #here: Deno.TcpConn;
  readonly #there: Deno.TcpConn;

  constructor(here: Deno.TcpConn, there: Deno.TcpConn) {
    this.#here = here;
    this.#there = there;
  }

  /** Whether the octet came back. */
  async ring(): Promise<boolean> {
    try {
      const rung = this.#there.read(octet);
      await this.#here.write(octet);
      return await rung === 1;
    } catch {
      return false; // closed meanwhile
    }
  }

  close(): void {
    this.#here.close();
    this.#there.close();
  }
}

/** `undefined` if the permissions do not cover it, or there are no descriptors. */
async function open(): Promise<Pair | undefined> {
  const hostname = "127.0.0.1";
  const host = `${hostname}:0`;
  const granted = Deno.permissions.querySync({ name: "net", host });
  if (granted.state !== "granted") return undefined;
  try {
    using listener = Deno.listen({ hostname, port: 0 });
    const { port } = listener.addr;
    const accepted = listener.accept();
    accepted.catch(() => {}); // if we do not get to wait for it
    const here = await Deno.connect({ hostname, port });
    const there = await accepted;
    if (there.remoteAddr.port === here.localAddr.port) {
      return new Pair(here, there);
    }
    here.close(); // somebody else was faster
    there.close();
  } catch {
    // It goes without.
  }
  return undefined;
}
