/** Where time comes from; a parameter everywhere, so that tests and replays choose it. */
export type Clock = { /** Epoch milliseconds. */ now(): number }
