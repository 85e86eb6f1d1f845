/** What is sent at once, in a copy, rather than in two sends. */
export const SMALL_BYTES = 65_536;

/** A head and a body as one part if they are small, otherwise as two. */
export function parts(head: Uint8Array, body: Uint8Array): Uint8Array[] {
  if (body.length === 0) return [head];
  if (head.length + body.length > SMALL_BYTES) return [head, body];
  const both = new Uint8Array(head.length + body.length);
  both.set(head);
  both.set(body, head.length);
  return [both];
}
