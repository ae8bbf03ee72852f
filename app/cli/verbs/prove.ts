import { join } from 'node:path'
import { EventError } from '../../audit/body.ts'
import { NoteError } from '../../audit/note.ts'
import type { Wanted } from '../../audit/prove.ts'
import { parseRequestId } from '../../request/id.ts'
import { quote } from '../../request/quote.ts'
import { Failure } from '../failure.ts'
import { type Args, text, type Verb } from '../verb.ts'
import { database, fromExport, withLedger } from './ledger.ts'

export const auditProve: Verb = {
  name: 'audit prove',
  summary:
    'Prove that events are in the ledger, to whoever has its public key: event, proof, signed checkpoint',
  words: ['[id]'],
  options: [
    { flags: '--seq <number>', summary: 'the event of this number, instead of those of a request' },
    { flags: '--type <type>', summary: 'with an ID: only events of this type, grant.issued for example' },
    fromExport,
    database,
    {
      flags: '--output <path>',
      summary: 'with --seq: a file (standard output); with an ID: the folder for a file each (this one)',
    },
  ],
  remote: false,
  json: false,

  async run(deps, args) {
    const wanted = wantedBy(args)
    const { size, proofs, tooNew } = await withLedger(deps, args, (ledger) => ledger.prove(wanted)).catch(
      (cause: unknown) => {
        if (!(cause instanceof NoteError || cause instanceof EventError)) throw cause
        throw new Failure('refused', cause.message, 'run gitsudo audit verify', { cause })
      },
    )
    if (proofs.length === 0 && tooNew.length === 0)
      throw new Failure('refused', 'The ledger has no such event.', 'gitsudo audit lists events')
    for (const { seq, type, text: proof } of proofs) {
      const given = text(args, 'output')
      const file =
        'seq' in wanted ? (given ?? '-') : join(given ?? '.', `${wanted.request}-${seq}-${type}.tlog-proof`)
      await deps.writeFile(file, (write) => write(proof))
      if (file !== '-') deps.out.write(`Event ${seq} (${type}): ${file}\n`)
    }
    if (tooNew.length === 0) return 0
    const newer = tooNew.length === 1 ? `Event ${tooNew[0]} is` : `Events ${tooNew.join(', ')} are`
    throw new Failure(
      'unknown',
      size === undefined
        ? 'There is no checkpoint yet that could prove anything.'
        : `${newer} newer than the newest checkpoint, which is over ${size} events.`,
      'a running service makes one within 10 s: run this again, with an export made then',
    )
  },
}

function wantedBy(args: Args): Wanted {
  const [given] = args.words
  const seq = text(args, 'seq')
  if ((given === undefined) === (seq === undefined))
    throw new Failure('usage', 'Which event?', 'name a request, or write --seq NUMBER')
  if (seq !== undefined) {
    if (!/^[1-9]\d{0,14}$/.test(seq))
      throw new Failure('usage', `${quote(seq)} is no event's number.`, 'gitsudo audit shows them as SEQ')
    return { seq: Number(seq) }
  }
  const request = parseRequestId(given ?? '')
  if (request === undefined)
    throw new Failure('usage', `${quote(given ?? '')} is no request's ID.`, 'gitsudo status lists them')
  return { request, type: text(args, 'type') }
}
