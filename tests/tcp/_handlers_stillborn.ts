/** A handler whose module cannot be loaded in a process of its own. */
import { connect } from "../../tcp/connect.ts";

if (Deno.mainModule.startsWith("data:")) Deno.exit(7);

export function never(): void {
  throw new Error(`not even by ${connect.name}`);
}
