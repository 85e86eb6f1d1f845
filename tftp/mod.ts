/** @module */

export * from "./charset.ts";
export * from "./netascii.ts";
export * from "./packet.ts";
