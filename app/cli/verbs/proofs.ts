import { eventOf } from '../../audit/body.ts'
import { leafHash } from '../../audit/chain.ts'
import type { Consistency } from '../../audit/consistency.ts'
import { NoteError, type NoteKey, readNoteKey } from '../../audit/note.ts'
import { checkProof, type Proof } from '../../audit/proof.ts'
import type { CliDeps } from '../deps.ts'
import { Failure } from '../failure.ts'
import { missing } from '../missing.ts'
import { said } from '../terminal/said.ts'
import { styleFor } from '../terminal/style.ts'
import type { Args } from '../verb.ts'

type Named<T = Proof> = { readonly file: string; readonly proof: T }

/** The proofs in these files, of events or one alone of the ledger's growth; undefined where the first holds none. */
export async function proofsIn(
  deps: CliDeps,
  files: readonly string[],
): Promise<readonly Named[] | Named<Consistency> | undefined> {
  const proofs: Named[] = []
  for (const file of files) {
    const proof = await deps.proofIn(file).catch((cause: unknown) => {
      throw cause instanceof NoteError ? refused(file, cause) : missing(file, cause)
    })
    if (proof !== undefined && 'before' in proof) {
      if (files.length === 1) return { file, proof }
      throw new Failure('usage', `${file} is about no event.`, 'verify it apart from other files')
    }
    if (proof !== undefined) proofs.push({ file, proof })
    else if (proofs.length === 0) return undefined
    else throw new Failure('usage', `${file} is no proof.`, 'verify proofs apart from other files')
  }
  return proofs.length === 0 ? undefined : proofs
}

/** Tells what each proof shows; the first that shows nothing ends it. */
export function tellProofs(
  deps: CliDeps,
  args: Args,
  proofs: readonly Named[],
  keys: readonly string[] | undefined,
): number {
  if (keys === undefined)
    throw new Failure(
      'unknown',
      'A proof shows nothing without the public key of whoever signed its checkpoint.',
      'give it with --key',
    )
  const shown = proofs.map((one) => shownBy(one, keys.map(readNoteKey)))
  if (args.output === 'json') {
    const [only] = shown
    deps.out.write(`${JSON.stringify(shown.length === 1 ? only : shown, null, 2)}\n`)
    return 0
  }
  const { green } = styleFor(deps.out, deps.env)
  for (const { seq, origin, size, event, leaf } of shown)
    deps.out.write(
      said`${green(`Event ${seq} of ${origin} is in its ledger of ${size} events`)}\n${event.type} at ${event.at}, leaf ${leaf}\n`,
    )
  return 0
}

function shownBy({ file, proof }: Named, keys: readonly NoteKey[]) {
  try {
    const { origin, size } = checkProof(proof, keys)
    const leaf = Buffer.from(leafHash(proof.body)).toString('hex')
    return { ok: true, seq: proof.seq, leaf, origin, size, event: eventOf(proof.body) }
  } catch (cause) {
    throw cause instanceof NoteError ? refused(file, cause) : cause
  }
}

const refused = (file: string, cause: NoteError) =>
  new Failure('refused', `${file}: ${cause.message}`, undefined, { cause })
