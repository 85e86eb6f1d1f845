/** A program that waits for lines, at times in vain, and ends when told. */
import { select } from "../../mux/select.ts";
import { stdin } from "../../mux/stream_source.ts";

const keyboard = stdin();
if (stdin() !== keyboard) throw new Error("another one");

async function waitInVain(): Promise<void> {
  const [ready] = await select([keyboard], [], [], { timeoutMs: 20 });
  console.log(ready.length === 0 ? "nothing yet" : "too early");
}

async function hear(): Promise<string | null> {
  await select([keyboard]);
  let line = keyboard.tryReadLine();
  if (line === undefined) console.log("half a line");
  line ??= await keyboard.readLine();
  console.log(`heard ${line}`);
  return line;
}

await waitInVain();
await hear();
await waitInVain();
while (await hear() !== "quit");
await select([keyboard], [], [], { timeoutMs: 0 }); // its read goes on
keyboard.close();
