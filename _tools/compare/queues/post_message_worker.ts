import { work } from "../../../bench/sync/gate.ts";
import { type Cargo, check, produce } from "./traffic.ts";

interface Job {
  readonly gate: Int32Array;
  readonly place: number;
  readonly what: Cargo | "turn";
  readonly port: MessagePort;
}

const self = globalThis as unknown as {
  onmessage: (event: MessageEvent<Job>) => void;
};

self.onmessage = ({ data: { gate, place, what, port } }) => {
  if (what === "turn") turn(gate, place, port);
  else if (place === 1) consume(gate, place, what, port);
  else produce(gate, place, what, (value) => port.postMessage(value));
};

function consume(
  gate: Int32Array,
  place: number,
  cargo: Cargo,
  port: MessagePort,
): Promise<void> {
  return work(gate, place, async (times) => {
    const done = Promise.withResolvers<void>();
    let left = times;
    port.onmessage = ({ data }) => {
      if (--left > 0) return;
      check(cargo, data, times - 1);
      done.resolve();
    };
    await done.promise;
  });
}

function turn(
  gate: Int32Array,
  place: number,
  port: MessagePort,
): Promise<void> {
  return work(gate, place, async (times) => {
    const done = Promise.withResolvers<void>();
    let i = 0;
    port.onmessage = ({ data }) => {
      i++;
      if (place === 1) port.postMessage(data);
      else if (i < times) port.postMessage(i);
      if (i === times) done.resolve();
    };
    if (place === 0) port.postMessage(i);
    await done.promise;
  });
}
