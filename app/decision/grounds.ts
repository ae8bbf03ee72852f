import { hash } from 'node:crypto'
import { canonicalBytes } from '../audit/canonical.ts'
import type { Evidence } from '../reconcile/ports/evaluator.ts'
import type { Facts, ProposalFacts } from './facts.ts'

/** All that a decision was made of: with it, the decision can be made again (audit.md). */
export type Grounds = { readonly facts: Facts; readonly proposal?: ProposalFacts }

/** The grounds as evidence: their RFC 8785 bytes under their digest. */
export function groundsOf(grounds: Grounds): Evidence {
  const bytes = canonicalBytes({ v: 1, ...grounds })
  return { digest: hash('sha256', bytes), bytes }
}

/**
 * The grounds in evidence whose bytes are those of its digest, which a sealed event named. Undefined for evidence of
 * something else.
 */
export function readGrounds(bytes: Uint8Array): Grounds | undefined {
  const said: { readonly v?: unknown; readonly facts?: Facts; readonly proposal?: ProposalFacts } =
    JSON.parse(Buffer.from(bytes).toString('utf8'))
  if (said.v !== 1 || said.facts === undefined) return undefined
  const { facts, proposal } = said
  return { facts, ...(proposal === undefined ? {} : { proposal }) }
}
