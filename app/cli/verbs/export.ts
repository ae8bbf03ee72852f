import { Failure } from '../failure.ts'
import { instant } from '../since.ts'
import { said } from '../terminal/said.ts'
import { type Args, flag, need, text, type Verb } from '../verb.ts'
import { database, withAudit } from './ledger.ts'
import { keysOf, ledgerKey } from './ledger-key.ts'

export const auditExport: Verb = {
  name: 'audit export',
  summary: 'Write the ledger into a file: JSON Lines that can be verified without a database',
  options: [
    database,
    ledgerKey,
    {
      flags: '--seal',
      summary: 'a segment that ends with its signed checkpoint, for storage that is written once',
    },
    {
      flags: '--since <when>',
      summary: 'with --seal: after the segment --until then; else from the beginning',
    },
    { flags: '--until <when>', summary: 'with --seal: what checkpoints made up to then are over' },
    {
      flags: '--output <file>',
      summary: 'a file that is not there yet, or - for standard output',
      required: true,
    },
  ],
  remote: false,
  json: false,

  async run(deps, args) {
    const file = need(args, 'output')
    const seal = sealOf(args, deps.clock.now())
    const keys = (await keysOf(deps, args)) ?? []
    const { first, last } = await withAudit(deps, args, (ledger) =>
      deps.writeFile(file, (write) => ledger.export({ write, keys, ...(seal && { seal }) })),
    ).catch((cause: unknown) => {
      throw sealFailure(cause)
    })
    const what = last === 0 ? 'No events yet,' : `Events ${first} to ${last}${seal ? ', sealed,' : ''}`
    // Standard output may be the export itself.
    deps.err.write(said`${what} written to ${file === '-' ? 'standard output' : file}\n`)
    return 0
  },
}

const settledMs = 60_000

function sealOf(args: Args, now: number): { readonly since?: number; readonly until: number } | undefined {
  const [since, until] = ['since', 'until'].map((name) => {
    const value = text(args, name)
    return value === undefined ? undefined : Date.parse(instant(value, now))
  })
  if (!flag(args, 'seal')) {
    if (since === undefined && until === undefined) return undefined
    throw new Failure(
      'usage',
      '--since and --until are for a sealed segment.',
      'add --seal, or export all of it',
    )
  }
  if (until === undefined) throw new Failure('usage', 'A segment has an end.', 'write --until WHEN')
  // Checkpoints still to come would move the end, and segments of adjoining periods would not adjoin. One is made a
  // moment before it is stored, by the clock of another machine.
  if (until > now - settledMs)
    throw new Failure(
      'usage',
      until > now ? '--until has not come yet.' : '--until is less than a minute ago.',
      'name a time that has been over for a minute: checkpoints up to then may still be on their way',
    )
  return { until, ...(since !== undefined && { since }) }
}

function sealFailure(cause: unknown): unknown {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const hint = hints.get(code)
  if (hint === undefined) return cause
  return new Failure('refused', cause instanceof Error ? cause.message : String(cause), hint, { cause })
}

const hints: ReadonlyMap<unknown, string> = new Map([
  ['keys_of_others', 'give the public key of this ledger with --key'],
  ['nothing_to_seal', 'see that the service runs, or name a longer period'],
  ['tampered', 'run gitsudo audit verify'],
  ['not_a_note', 'run gitsudo audit verify'],
])
