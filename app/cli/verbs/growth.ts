import { checkpointIn } from '../../audit/checkpoint.ts'
import { notesIn } from '../../audit/compare/witness.ts'
import { type Consistency, checkConsistency } from '../../audit/consistency.ts'
import { NoteError, openNote, readNoteKey } from '../../audit/note.ts'
import type { CliDeps } from '../deps.ts'
import { Failure } from '../failure.ts'
import { said } from '../terminal/said.ts'
import { styleFor } from '../terminal/style.ts'
import { type Args, list, text } from '../verb.ts'
import { withLedger } from './ledger.ts'

/** Writes that the ledger goes on from the checkpoint over --from events to that over --to, or to the newest. */
export async function proveGrowth(deps: CliDeps, args: Args): Promise<number> {
  if (args.words.length > 0 || text(args, 'seq') !== undefined || text(args, 'type') !== undefined)
    throw new Failure('usage', '--from is not about one event.', 'leave ID, --seq and --type out')
  const from = sizeOf(args, 'from')
  const to = sizeOf(args, 'to')
  if (from === undefined)
    throw new Failure('usage', '--from is missing.', 'say how many events the older checkpoint is over')
  const proven = await withLedger(deps, args, (ledger) => ledger.proveGrowth(from, to))
  if (proven === undefined)
    throw new Failure(
      'unknown',
      to === undefined
        ? 'There is no checkpoint that the ledger agrees with.'
        : `There is no checkpoint over ${to} events that the ledger agrees with.`,
      'leave --to out for the newest, or run gitsudo audit verify',
    )
  const { size, proof } = proven
  if (proof === undefined)
    throw new Failure(
      'refused',
      `The checkpoint is over ${size} events, fewer than ${from}.`,
      'run gitsudo audit verify: somebody who holds a checkpoint of more may know of a loss',
    )
  const file = text(args, 'output') ?? '-'
  await deps.writeFile(file, (write) => write(proof))
  if (file !== '-') deps.out.write(said`From ${from} events to ${size}: ${file}\n`)
  return 0
}

function sizeOf(args: Args, name: string): number | undefined {
  const given = text(args, name)
  if (given === undefined) return undefined
  if (!/^[1-9]\d{0,14}$/.test(given))
    throw new Failure('usage', `--${name} is no number of events.`, 'take it from a checkpoint’s second line')
  return Number(given)
}

/** Tells whether a proof leads on from every checkpoint of its older size that is given: two that differ are the loss. */
export async function tellGrowth(
  deps: CliDeps,
  args: Args,
  { file, proof }: { readonly file: string; readonly proof: Consistency },
  keys: readonly string[] | undefined,
): Promise<number> {
  if (keys === undefined)
    throw new Failure(
      'unknown',
      'A proof shows nothing without the public key of whoever signed its checkpoint.',
      'give it with --key',
    )
  const trusted = keys.map(readNoteKey)
  const led: {
    readonly name: string
    readonly origin: string
    readonly before: number
    readonly size: number
  }[] = []
  try {
    for (const name of list(args, 'witness')) {
      const notes = notesIn(await deps.readText(name))
      if (notes === undefined)
        throw new Failure(
          'unknown',
          `${name} holds something else than checkpoints.`,
          'name a file that holds them alone',
        )
      for (const note of notes) {
        const old = checkpointIn(note)
        if (old?.size !== proof.before) continue
        const own = trusted.filter((key) => key.name === old.origin)
        if (openNote(note, own).signedBy.length === 0)
          throw new NoteError(`the checkpoint in ${name} is signed by none of the keys given`)
        const { origin, size } = checkConsistency(proof, old, trusted)
        led.push({ name, origin, before: old.size, size })
      }
    }
  } catch (cause) {
    if (!(cause instanceof NoteError)) throw cause
    throw new Failure('refused', `${file}: ${cause.message}`, undefined, { cause })
  }
  const [first] = led
  if (first === undefined)
    throw new Failure(
      'unknown',
      `The proof leads on from a checkpoint of ${proof.before} events, and none was given.`,
      'name a file that holds it with --witness',
    )
  const { origin, before, size } = first
  const { green } = styleFor(deps.out, deps.env)
  const names = [...new Set(led.map(({ name }) => name))].join(', ')
  deps.out.write(
    args.output === 'json'
      ? `${JSON.stringify({ ok: true, origin, before, size }, null, 2)}\n`
      : said`${green(`The ${size} events of ${origin} go on from the ${before} of ${names}`)}\n`,
  )
  return 0
}
