import { join } from 'node:path'
import { Failure } from '../failure.ts'
import { said } from '../terminal/said.ts'
import { text, type Verb } from '../verb.ts'
import { proveGrowth } from './growth.ts'
import { database, fromExport, withLedger } from './ledger.ts'
import { whichEvent } from './which-event.ts'

export const auditProve: Verb = {
  name: 'audit prove',
  summary:
    'Prove that events are in the ledger, to whoever has its public key: event, proof, signed checkpoint',
  words: ['[id]'],
  options: [
    { flags: '--seq <number>', summary: 'the event of this number, instead of those of a request' },
    { flags: '--type <type>', summary: 'with an ID: only events of this type, grant.issued for example' },
    {
      flags: '--from <size>',
      summary: 'no event, but that the ledger goes on from the checkpoint over so many events',
    },
    { flags: '--to <size>', summary: 'with --from: to the stored checkpoint over so many (the newest)' },
    fromExport,
    database,
    {
      flags: '--output <path>',
      summary:
        'with --seq or --from: a file (standard output); with an ID: the folder for a file each (this one)',
    },
  ],
  remote: false,
  json: false,

  async run(deps, args) {
    if (text(args, 'from') !== undefined || text(args, 'to') !== undefined) return proveGrowth(deps, args)
    const which = whichEvent(args, 'event')
    const wanted = 'seq' in which ? which : { ...which, type: text(args, 'type') }
    const { size, proofs, tooNew } = await withLedger(deps, args, (ledger) => ledger.prove(wanted))
    if (proofs.length === 0 && tooNew.length === 0)
      throw new Failure('refused', 'The ledger has no such event.', 'gitsudo audit lists events')
    for (const { seq, type, text: proof } of proofs) {
      const given = text(args, 'output')
      const file =
        'seq' in wanted ? (given ?? '-') : join(given ?? '.', `${wanted.request}-${seq}-${type}.tlog-proof`)
      await deps.writeFile(file, (write) => write(proof))
      if (file !== '-') deps.out.write(said`Event ${seq} (${type}): ${file}\n`)
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
