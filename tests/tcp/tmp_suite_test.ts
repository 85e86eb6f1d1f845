import { suite } from "./_model_suite.ts";
suite("processes", { size: 2, processFlags: [] });
suite("prefork", { size: 2, processFlags: [] });
