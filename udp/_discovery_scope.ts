import { isLoopback } from "../mux/addr.ts";

/**
 * Whether a responder answers an asker: one that listens on loopback only, even
 * though its socket hears every interface, answers this machine only.
 *
 * @param networkInterface Address of the interface that it listens on.
 * @param asker Address of whoever asks.
 */
export function inScope(networkInterface: string, asker: string): boolean {
  return !isLoopback(networkInterface) || isLoopback(asker);
}
