import * as traffic from "./traffic.ts";

interface ResultPeer {
  readonly value?: unknown;
}

/** One end of a channel. */
export interface SenderPeer {
  send(value: unknown): Promise<ResultPeer>;
  blockingSend(value: unknown): ResultPeer;
}

/** The other. */
export interface ReceiverPeer {
  recv(): Promise<ResultPeer>;
  blockingRecv(): ResultPeer;
}

/** Messages of one kind, from place 0 to place 1. */
export function move(
  gate: Int32Array,
  place: number,
  cargo: traffic.Cargo,
  end: SenderPeer | ReceiverPeer,
): Promise<void> {
  if (place === 0) {
    const sender = end as SenderPeer;
    const put = (value: unknown) => void sender.blockingSend(value);
    return traffic.produce(gate, place, cargo, put);
  }
  const receiver = end as ReceiverPeer;
  return traffic.consume(
    gate,
    place,
    cargo,
    () => receiver.blockingRecv().value,
  );
}

/** An integer there and back. */
export function turn(
  gate: Int32Array,
  place: number,
  sender: SenderPeer,
  receiver: ReceiverPeer,
): Promise<void> {
  return traffic.bounce(
    gate,
    place,
    (value) => void sender.blockingSend(value),
    () => receiver.blockingRecv().value,
  );
}

/** As {@linkcode turn}, by promises. */
export function turnAsync(
  gate: Int32Array,
  place: number,
  sender: SenderPeer,
  receiver: ReceiverPeer,
): Promise<void> {
  return traffic.bounceAsync(
    gate,
    place,
    (value) => sender.send(value),
    async () => (await receiver.recv()).value,
  );
}
