import { BlockList, isIP } from "node:net";
import { normalizeHostname } from "../mux/addr.ts";

/**
 * Which clients may be served, from addresses and networks in CIDR form.
 *
 * @param networks `10.0.0.0/8`, `2001:db8::/32`, or single addresses.
 * @returns Whether an address is in one of them.
 * @throws {SyntaxError} If one is neither an address nor a network.
 */
export function allowFrom(
  networks: readonly string[],
): (hostname: string) => boolean {
  const list = new BlockList();
  for (const network of networks) add(list, network);
  return (hostname) => {
    const address = withoutZone(normalizeHostname(hostname));
    return list.check(address, familyOf(address));
  };
}

function add(list: BlockList, network: string): void {
  const [, text = "", digits] = network.match(/^([^/]+)(?:\/(\d{1,3}))?$/) ??
    [];
  const address = withoutZone(normalizeHostname(text));
  const bits = isIP(address) === 6 ? 128 : 32;
  const prefix = digits === undefined ? bits : Number(digits);
  if (isIP(address) === 0 || prefix > bits) {
    throw new SyntaxError(
      `Cannot read "${network}" as an address or a network, such as 10.0.0.0/8`,
    );
  }
  list.addSubnet(address, prefix, familyOf(address));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return address.includes(":") ? "ipv6" : "ipv4";
}

/** `fe80::1` for `fe80::1%eth0`. */
function withoutZone(address: string): string {
  return address.replace(/%.*$/, "");
}
