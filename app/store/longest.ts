import { sql } from 'slonik'

/** Bytes of what gitsudo writes at most, as migrations/0018 has them: what is longer is none of ours. */
export const longest = {
  event: 10_000_000,
  evidence: 64_000_000,
  delivery: 26_214_400,
  standing: 80_000_000,
  intent: 1_000_000,
  note: 100_000,
  text: 1_000_000,
  mac: 1_000,
  hash: 1_000,
}

/**
 * A column that is read as empty where it is longer than it can be: a value too long for a string ends the process that
 * reads it. Empty it is what cannot be read: no event, no bytes of that digest, under no MAC of ours.
 */
export const atMost = (most: number, column: string) =>
  sql.fragment`${valueAtMost(most, column)} as ${sql.identifier([column])}`

/** As `atMost`, without its name. */
export const valueAtMost = (most: number, column: string) =>
  sql.fragment`case when octet_length(${sql.identifier([column])}) > ${most} then '' else ${sql.identifier([column])} end`
